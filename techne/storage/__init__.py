"""Objects by URI: local files and S3, checked before they are touched, published as a whole."""

from techne.storage.manifest import (
    Manifest,
    PublishedFile,
    PublishedOutputs,
    read_manifest,
    verify_manifest,
)
from techne.storage.publishing import OutputFile, publish
from techne.storage.store import Digest, ObjectInfo, ObjectStore, StoredObject, open_store
from techne.storage.uri import ObjectURI, check_allowed, parse_uri

__all__ = [
    "Digest",
    "Manifest",
    "ObjectInfo",
    "ObjectStore",
    "ObjectURI",
    "OutputFile",
    "PublishedFile",
    "PublishedOutputs",
    "StoredObject",
    "check_allowed",
    "open_store",
    "parse_uri",
    "publish",
    "read_manifest",
    "verify_manifest",
]
