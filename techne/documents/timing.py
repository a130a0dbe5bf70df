"""Times of a recording, as a reader sees them and as a player takes them."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """The time as `0:12:31`."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def at_time(video_url: str, seconds: float) -> str:
    """The address of a moment of the video, as a media fragment (W3C Media Fragments URI 1.0)."""
    return f"{video_url.partition('#')[0]}#t={int(seconds)}"


def is_playable(video_uri: str | None) -> bool:
    """Whether a browser can open the video by its URI."""
    return bool(video_uri) and str(video_uri).lower().startswith(("https://", "http://"))
