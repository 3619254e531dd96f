"""Headers that make browsers strict with our pages."""

from urllib.parse import urlsplit

from tuntas.settings import Settings

_MIDTRANS_HOSTS = (
    "https://*.midtrans.com https://*.veritrans.co.id https://*.cloudfront.net "
    "https://*.mixpanel.com https://*.google-analytics.com"
)


def strict_headers(settings: Settings) -> dict[str, str]:
    """For every page: nothing from elsewhere but Snap, no sniffing, no address told to other sites."""
    return {
        "Content-Security-Policy": _content_security_policy(settings),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }


def _content_security_policy(settings: Settings) -> str:
    """Our own files, and what Snap loads (docs/midtrans.md, "Loading"); nobody may frame our pages."""
    snap = urlsplit(settings.snap_js_url)
    payment_page = gateway = f"{snap.scheme}://{snap.netloc}"
    if (snap.hostname or "").endswith(".midtrans.com"):
        gateway = f"{gateway} {_MIDTRANS_HOSTS}"
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' {gateway}",
            f"frame-src {gateway}",
            f"connect-src 'self' {gateway}",
            f"img-src 'self' data: {gateway}",
            f"style-src 'self' 'unsafe-inline' {gateway}",
            "base-uri 'none'",
            f"form-action 'self' {payment_page}",
            "frame-ancestors 'none'",
        ]
    )
