"""Django's ORM through an edge, with the settings that docs/guides has."""

import time

import django
from common import DATABASE, HOST, PASSWORD, PORT, USER, Reads, check, done
from django.conf import settings
from django.db import connection, models, transaction

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": HOST,
            "PORT": str(PORT),
            "NAME": DATABASE,
            "USER": USER,
            "PASSWORD": PASSWORD,
            "CONN_MAX_AGE": 600,
            "ATOMIC_REQUESTS": False,
        }
    },
    USE_TZ=True,
)
django.setup()


class Product(models.Model):
    name = models.TextField()
    price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        app_label = "shop"
        managed = False
        db_table = '"shop"."products"'


def last():
    with connection.cursor() as cursor:
        cursor.execute("SHOW perigee.last")
        return cursor.fetchone()[:2]


def reads_until_hit(what, read):
    reads = Reads(what)
    while True:
        read()
        pause = reads.pause_after(last())
        if pause is None:
            return len(reads.seen)
        time.sleep(pause)


hits = {}
reads_until_hit("warming", lambda: Product.objects.get(pk=50))
hits["get"] = reads_until_hit("get", lambda: Product.objects.get(pk=51))
hits["filter"] = reads_until_hit("filter", lambda: list(Product.objects.filter(pk__lt=10).order_by("pk")))
hits["count"] = reads_until_hit("count", lambda: Product.objects.filter(pk__lt=20).count())

product = Product.objects.get(pk=52)
for price in range(100, 110):
    product.price = price
    product.save()
    for _ in range(2):
        check(Product.objects.get(pk=52).price == price, "a session does not read what it has written")

with transaction.atomic():
    Product.objects.get(pk=51)
    Product.objects.get(pk=51)
    check(last() == ("bypass", "transaction"), f"in a transaction: {last()}")
check(len(list(Product.objects.filter(pk__lt=60).iterator(chunk_size=10))) == 59, "a cursor")

done("django", hits)
