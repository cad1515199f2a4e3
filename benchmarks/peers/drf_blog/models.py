"""The blog's tables, which Django does not manage."""

from __future__ import annotations

from django.db import models


class Author(models.Model):
    """The blog's author."""

    name = models.CharField(max_length=80)
    email = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = "authors"


class Tag(models.Model):
    """The blog's tag."""

    name = models.CharField(max_length=40)

    class Meta:
        managed = False
        db_table = "tags"


class Article(models.Model):
    """The blog's article."""

    title = models.CharField(max_length=120)
    body = models.TextField()
    views = models.IntegerField()
    published = models.BooleanField()
    created_at = models.DateTimeField()
    author = models.ForeignKey(Author, models.DO_NOTHING, related_name="articles")
    tags = models.ManyToManyField(Tag, db_table="article_tags", related_name="articles")

    class Meta:
        managed = False
        db_table = "articles"


class Comment(models.Model):
    """The blog's comment."""

    body = models.TextField()
    article = models.ForeignKey(Article, models.DO_NOTHING, related_name="comments")

    class Meta:
        managed = False
        db_table = "comments"
