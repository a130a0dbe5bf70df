"""Documents: from cleaned turns to grounded Markdown and DOCX."""
