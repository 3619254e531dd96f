"""A Django project, whole in one file, that does nothing but serve dj-stripe's webhook.

It runs in an environment of its own (bench/peer_djstripe.py makes it), never in Tuntas's.
"""

import os

SECRET_KEY = "only-for-the-bench"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = __name__
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "djstripe"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["BENCH_HOST"],
        "NAME": os.environ["BENCH_DATABASE"],
        "USER": "postgres",
        "CONN_MAX_AGE": None,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STRIPE_TEST_SECRET_KEY = "_".join(("sk", "test", "onlyForTheBenchNoRealKey"))
STRIPE_LIVE_MODE = False
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
ENDPOINT, WEBHOOK_SECRET = "5f3d2c1b-0000-4000-8000-000000000000", "whsec_bench"

os.environ.setdefault("DJANGO_SETTINGS_MODULE", __name__)

from django.core.wsgi import get_wsgi_application  # noqa: E402  after the settings above
from django.urls import include, path  # noqa: E402

application = get_wsgi_application()
urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]


def prepare() -> None:
    """Make the tables, and the account, key and endpoint that would else be asked of Stripe."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from djstripe.models import Account, APIKey, WebhookEndpoint

    account = Account.objects.create(id="acct_bench", livemode=False, stripe_data={})
    APIKey.objects.create(
        id="sk_bench",
        type="secret",
        secret=STRIPE_TEST_SECRET_KEY,
        livemode=False,
        djstripe_owner_account=account,
    )
    WebhookEndpoint.objects.create(
        id="we_bench",
        livemode=False,
        djstripe_owner_account=account,
        djstripe_uuid=ENDPOINT,
        secret=WEBHOOK_SECRET,
        djstripe_tolerance=32_000,
        enabled_events=["*"],
        url="https://shop.test/stripe/",
        status="enabled",
    )
