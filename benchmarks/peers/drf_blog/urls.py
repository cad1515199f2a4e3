"""Serializers, views and routes of the blog."""

from __future__ import annotations

from typing import ClassVar

from django.urls import include, path
from rest_framework.routers import SimpleRouter
from rest_framework_json_api import serializers
from rest_framework_json_api.pagination import JsonApiPageNumberPagination
from rest_framework_json_api.views import ModelViewSet

from .models import Article, Author, Comment, Tag


class AuthorSerializer(serializers.ModelSerializer):
    """Authors, without the articles, whose ids would take a statement for each."""

    class Meta:
        model = Author
        resource_name = "authors"
        fields = ("name", "email")


class TagSerializer(serializers.ModelSerializer):
    """Tags, without the articles."""

    class Meta:
        model = Tag
        resource_name = "tags"
        fields = ("name",)


class CommentSerializer(serializers.ModelSerializer):
    """Comments."""

    class Meta:
        model = Comment
        resource_name = "comments"
        fields = ("body", "article")


class ArticleSerializer(serializers.ModelSerializer):
    """Articles."""

    included_serializers: ClassVar = {
        "author": AuthorSerializer,
        "comments": CommentSerializer,
        "tags": TagSerializer,
    }

    class Meta:
        model = Article
        resource_name = "articles"
        fields = ("title", "body", "views", "published", "created_at", "author", "comments", "tags")
        read_only_fields = ("comments", "tags")


class Pages(JsonApiPageNumberPagination):
    """Pages of any size that is asked for."""

    page_size = 10
    max_page_size = 10_000


class Articles(ModelViewSet):
    """The articles; what is included is read with them."""

    queryset = Article.objects.order_by("id")
    serializer_class = ArticleSerializer
    resource_name = "articles"
    pagination_class = Pages
    select_for_includes: ClassVar = {"author": ["author"]}
    prefetch_for_includes: ClassVar = {"comments": ["comments"], "tags": ["tags"]}
    filterset_fields: ClassVar = {"published": ("exact",)}
    ordering_fields = ("id", "title", "created_at")


router = SimpleRouter(trailing_slash=False)
router.register("articles", Articles)
urlpatterns = [path("api/", include(router.urls))]
