"""Tables: rows of CSV, JSON Lines or Parquet files, read as a stream and written as one.

What a column means is not decided here: a cell is text, and a row knows its place for messages.
"""

from techne.annotation.tables.opening import open_table
from techne.annotation.tables.table import MAX_RECORD_BYTES, Mark, Row, Table
from techne.annotation.tables.writing import Column, TableWriter

__all__ = ["MAX_RECORD_BYTES", "Column", "Mark", "Row", "Table", "TableWriter", "open_table"]
