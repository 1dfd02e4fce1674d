"""Customers, cases, interactions, chat settings, and what stands behind the import of closed chats."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import renkei.clock
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pghistory", "0007_auto_20250421_0444"),
        ("renkei", "0007_count_attempts_together"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChatSetting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connector", models.CharField(max_length=40, verbose_name="SNS type")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="Chat setting name")),
                ("call_url", models.CharField(blank=True, max_length=2000, verbose_name="Call URL")),
                ("is_enabled", models.BooleanField(default=False, verbose_name="Enabled")),
                (
                    "interval_seconds",
                    models.PositiveIntegerField(
                        default=300,
                        validators=[
                            django.core.validators.MinValueValidator(10),
                            django.core.validators.MaxValueValidator(86400),
                        ],
                        verbose_name="Interval (seconds)",
                    ),
                ),
                (
                    "overlap_minutes",
                    models.PositiveIntegerField(
                        default=1440,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="Overlap (minutes)",
                    ),
                ),
                (
                    "reuses_customers",
                    models.BooleanField(
                        default=False,
                        verbose_name="Reuse a customer whose telephone number or e-mail matches exactly and unambiguously",
                    ),
                ),
                ("connector_settings", models.JSONField(blank=True, default=dict)),
                ("secrets", models.BinaryField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("updated_at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "business_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chat_settings",
                        to="renkei.businessgroup",
                        verbose_name="Business group",
                    ),
                ),
                (
                    "default_agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="renkei.agent",
                        verbose_name="Default agent",
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="ImportService",
            fields=[
                (
                    "setting",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="service",
                        serialize=False,
                        to="renkei.chatsetting",
                    ),
                ),
                ("is_wanted", models.BooleanField(default=False)),
                ("snapshot", models.JSONField(null=True)),
                ("snapshot_at", models.DateTimeField(null=True)),
                ("epoch", models.BigIntegerField(default=0)),
                ("owner", models.CharField(blank=True, max_length=60)),
                ("lease_until", models.DateTimeField(null=True)),
                ("beat_at", models.DateTimeField(null=True)),
                ("cursor_at", models.DateTimeField(null=True)),
                ("bookmark", models.JSONField(null=True)),
                ("run_asked_at", models.DateTimeField(null=True)),
                ("next_run_at", models.DateTimeField(null=True)),
                ("ran_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=60)),
                ("problem_params", models.JSONField(default=dict)),
                ("is_halted", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="Name")),
                ("name_kana", models.CharField(blank=True, max_length=120, verbose_name="Name (kana)")),
                ("sort_key", models.CharField(editable=False, max_length=121)),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="Telephone number")),
                ("e164", models.CharField(max_length=16, null=True)),
                ("email", models.CharField(blank=True, max_length=254, verbose_name="E-mail address")),
                ("email_key", models.CharField(blank=True, max_length=254)),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="Note")),
                ("natural_key", models.CharField(editable=False, max_length=240, null=True, unique=True)),
                ("created_at", models.DateTimeField(default=renkei.clock.now)),
                ("updated_at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="renkei.customer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="Title")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("closed", "Closed")],
                        default="open",
                        max_length=8,
                        verbose_name="State",
                    ),
                ),
                ("created_at", models.DateTimeField(default=renkei.clock.now)),
                ("updated_at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "business_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.businessgroup"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="renkei.customer"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CustomerEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="Name")),
                ("name_kana", models.CharField(blank=True, max_length=120, verbose_name="Name (kana)")),
                ("sort_key", models.CharField(editable=False, max_length=121)),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="Telephone number")),
                ("e164", models.CharField(max_length=16, null=True)),
                ("email", models.CharField(blank=True, max_length=254, verbose_name="E-mail address")),
                ("email_key", models.CharField(blank=True, max_length=254)),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="Note")),
                ("natural_key", models.CharField(editable=False, max_length=240, null=True)),
                ("created_at", models.DateTimeField(default=renkei.clock.now)),
                ("updated_at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="renkei.customer",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="renkei.customer",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ImportRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("epoch", models.BigIntegerField()),
                ("trigger", models.CharField(max_length=12)),
                ("began_at", models.DateTimeField(default=renkei.clock.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("pages", models.PositiveIntegerField(default=0)),
                ("shown", models.PositiveIntegerField(default=0)),
                ("stored", models.PositiveIntegerField(default=0)),
                ("applied", models.PositiveIntegerField(default=0)),
                ("quarantined", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=60)),
                (
                    "setting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="renkei.chatsetting"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Interaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("chat", "Chat"), ("phone", "Telephone")], max_length=8)),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=8),
                ),
                ("is_default_agent", models.BooleanField(default=False)),
                ("chat_agent_number", models.CharField(blank=True, max_length=200)),
                ("external_id", models.CharField(max_length=200, null=True)),
                ("is_weak_key", models.BooleanField(default=False)),
                ("customer_key", models.CharField(blank=True, max_length=220)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("content_sha256", models.CharField(blank=True, max_length=64)),
                ("values", models.JSONField(default=dict)),
                ("edited", models.JSONField(default=dict)),
                ("search_text", models.TextField(blank=True)),
                (
                    "grams",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2), default=list, size=None
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("registered_at", models.DateTimeField(default=renkei.clock.now)),
                ("updated_at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="interactions", to="renkei.case"
                    ),
                ),
                (
                    "current_agent",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.agent"),
                ),
                (
                    "current_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.businessgroup"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="children",
                        to="renkei.interaction",
                    ),
                ),
                (
                    "registered_agent",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.agent"),
                ),
                (
                    "registered_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.businessgroup"
                    ),
                ),
                (
                    "setting",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="renkei.chatsetting",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InboxItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=200)),
                ("source_id", models.CharField(blank=True, max_length=200)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("version_at", models.DateTimeField()),
                ("message_count", models.PositiveIntegerField(default=0)),
                ("payload", models.BinaryField()),
                ("payload_sha256", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Waiting"), ("done", "Imported"), ("quarantined", "Set aside")],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=60)),
                ("error_params", models.JSONField(default=dict)),
                ("next_try_at", models.DateTimeField(default=renkei.clock.now)),
                ("first_seen_at", models.DateTimeField(default=renkei.clock.now)),
                ("changed_at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "setting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="inbox", to="renkei.chatsetting"
                    ),
                ),
                (
                    "interaction",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="renkei.interaction",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InteractionMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("speaker", models.CharField(max_length=8)),
                ("author", models.CharField(blank=True, max_length=200)),
                ("kind", models.CharField(max_length=8)),
                ("text", models.TextField(blank=True)),
                ("url", models.TextField(null=True)),
                ("sent_at", models.DateTimeField()),
                (
                    "interaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="messages", to="renkei.interaction"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InteractionRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision", models.PositiveIntegerField()),
                ("content_sha256", models.CharField(max_length=64)),
                ("messages", models.JSONField()),
                ("replaced_at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "interaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="revisions", to="renkei.interaction"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InteractionTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="Name")),
                ("values", models.JSONField(blank=True, default=dict)),
                (
                    "business_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="templates", to="renkei.businessgroup"
                    ),
                ),
            ],
            options={
                "ordering": ("business_group", "name"),
            },
        ),
        migrations.CreateModel(
            name="ChatSettingEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("connector", models.CharField(max_length=40, verbose_name="SNS type")),
                ("name", models.CharField(max_length=80, verbose_name="Chat setting name")),
                ("call_url", models.CharField(blank=True, max_length=2000, verbose_name="Call URL")),
                ("is_enabled", models.BooleanField(default=False, verbose_name="Enabled")),
                (
                    "interval_seconds",
                    models.PositiveIntegerField(
                        default=300,
                        validators=[
                            django.core.validators.MinValueValidator(10),
                            django.core.validators.MaxValueValidator(86400),
                        ],
                        verbose_name="Interval (seconds)",
                    ),
                ),
                (
                    "overlap_minutes",
                    models.PositiveIntegerField(
                        default=1440,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="Overlap (minutes)",
                    ),
                ),
                (
                    "reuses_customers",
                    models.BooleanField(
                        default=False,
                        verbose_name="Reuse a customer whose telephone number or e-mail matches exactly and unambiguously",
                    ),
                ),
                ("connector_settings", models.JSONField(blank=True, default=dict)),
                ("secrets", models.BinaryField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("updated_at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "business_group",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="renkei.businessgroup",
                        verbose_name="Business group",
                    ),
                ),
                (
                    "default_agent",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="renkei.agent",
                        verbose_name="Default agent",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="renkei.chatsetting",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="renkei.interactiontemplate",
                        verbose_name="Interaction template",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="chatsetting",
            name="template",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="renkei.interactiontemplate",
                verbose_name="Interaction template",
            ),
        ),
        migrations.CreateModel(
            name="InteractionTemplateEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=80, verbose_name="Name")),
                ("values", models.JSONField(blank=True, default=dict)),
                (
                    "business_group",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="renkei.businessgroup",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="renkei.interactiontemplate",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="OutboxEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("dedupe_key", models.CharField(max_length=120, unique=True)),
                ("refs", models.JSONField(default=dict)),
                ("at", models.DateTimeField(default=renkei.clock.now)),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("sent_at__isnull", True)), fields=["id"], name="outbox_unsent")
                ],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=renkei.clock.now)),
                ("since", models.DateTimeField()),
                ("theirs", models.PositiveIntegerField(default=0)),
                ("ours", models.PositiveIntegerField(default=0)),
                ("missing", models.JSONField(default=list)),
                ("differing", models.JSONField(default=list)),
                ("unknown", models.JSONField(default=list)),
                ("error", models.CharField(blank=True, max_length=60)),
                (
                    "setting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reconciliations",
                        to="renkei.chatsetting",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SnsAgent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("registration_number", models.CharField(max_length=200, verbose_name="SNS agent registration number")),
                ("display_name", models.CharField(blank=True, max_length=120, verbose_name="Display name")),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sns_entries", to="renkei.agent"
                    ),
                ),
                (
                    "setting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="renkei.chatsetting",
                        verbose_name="SNS setting",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SnsAgentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("registration_number", models.CharField(max_length=200, verbose_name="SNS agent registration number")),
                ("display_name", models.CharField(blank=True, max_length=120, verbose_name="Display name")),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="renkei.agent",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="renkei.snsagent",
                    ),
                ),
                (
                    "setting",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="renkei.chatsetting",
                        verbose_name="SNS setting",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SnsCustomer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "registration_number",
                    models.CharField(max_length=200, verbose_name="SNS customer registration number"),
                ),
                ("display_name", models.CharField(blank=True, max_length=120, verbose_name="Display name")),
                ("image_url", models.CharField(blank=True, max_length=2000, verbose_name="Image URL")),
                ("status_message", models.CharField(blank=True, max_length=500, verbose_name="Status message")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sns_entries", to="renkei.customer"
                    ),
                ),
                (
                    "setting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="renkei.chatsetting",
                        verbose_name="SNS setting",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SnsCustomerEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "registration_number",
                    models.CharField(max_length=200, verbose_name="SNS customer registration number"),
                ),
                ("display_name", models.CharField(blank=True, max_length=120, verbose_name="Display name")),
                ("image_url", models.CharField(blank=True, max_length=2000, verbose_name="Image URL")),
                ("status_message", models.CharField(blank=True, max_length=500, verbose_name="Status message")),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="renkei.customer",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="renkei.snscustomer",
                    ),
                ),
                (
                    "setting",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="renkei.chatsetting",
                        verbose_name="SNS setting",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ChatTombstone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "setting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="renkei.chatsetting"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("setting", "digest"), name="one_tombstone_per_chat")],
            },
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["sort_key", "id"], name="customer_by_kana"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(condition=models.Q(("e164__isnull", False)), fields=["e164"], name="customer_by_number"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("email_key", ""), _negated=True), fields=["email_key"], name="customer_by_mail"
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="customer_merged"
            ),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True),
                    models.Q(("merged_into", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="customer_not_merged_into_itself",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_customerevent" ("created_at", "e164", "email", "email_key", "id", "merged_into_id", "name", "name_kana", "natural_key", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "sort_key", "updated_at") VALUES (NEW."created_at", NEW."e164", NEW."email", NEW."email_key", NEW."id", NEW."merged_into_id", NEW."name", NEW."name_kana", NEW."natural_key", NEW."note", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."phone", NEW."sort_key", NEW."updated_at"); RETURN NULL;',
                    hash="fc4b0d4c362331f615da6c094081a7f2565fc0c6",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_403f5",
                    table="renkei_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_customerevent" ("created_at", "e164", "email", "email_key", "id", "merged_into_id", "name", "name_kana", "natural_key", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "sort_key", "updated_at") VALUES (NEW."created_at", NEW."e164", NEW."email", NEW."email_key", NEW."id", NEW."merged_into_id", NEW."name", NEW."name_kana", NEW."natural_key", NEW."note", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."phone", NEW."sort_key", NEW."updated_at"); RETURN NULL;',
                    hash="bafae98c8d5fc509b39a233e0b2b6d89f7b5277a",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b300b",
                    table="renkei_customer",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["-updated_at", "-id"], name="case_newest_first"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["business_group", "-updated_at", "-id"], name="case_by_group"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["customer", "-updated_at"], name="case_by_customer"),
        ),
        migrations.AddIndex(
            model_name="importrun",
            index=models.Index(fields=["setting", "-id"], name="run_newest_of_setting"),
        ),
        migrations.AddIndex(
            model_name="interaction",
            index=models.Index(fields=["-started_at", "-id"], name="interaction_newest_first"),
        ),
        migrations.AddIndex(
            model_name="interaction",
            index=models.Index(fields=["case", "started_at"], name="interaction_of_case"),
        ),
        migrations.AddIndex(
            model_name="interaction",
            index=models.Index(fields=["current_group", "-started_at", "-id"], name="interaction_by_group"),
        ),
        migrations.AddIndex(
            model_name="interaction",
            index=models.Index(fields=["current_agent", "-started_at", "-id"], name="interaction_by_agent"),
        ),
        migrations.AddIndex(
            model_name="interaction",
            index=django.contrib.postgres.indexes.GinIndex(fields=["grams"], name="interaction_grams"),
        ),
        migrations.AddConstraint(
            model_name="interaction",
            constraint=models.UniqueConstraint(fields=("setting", "external_id"), name="one_interaction_per_chat"),
        ),
        migrations.AddConstraint(
            model_name="interaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("external_id__isnull", True), ("setting__isnull", True)),
                    models.Q(("external_id__isnull", False), ("setting__isnull", False)),
                    _connector="OR",
                ),
                name="interaction_chat_key_is_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(fields=["setting", "state", "id"], name="inbox_by_state"),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(
                condition=models.Q(("source_id", ""), _negated=True),
                fields=["setting", "source_id"],
                name="inbox_by_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboxitem",
            constraint=models.UniqueConstraint(fields=("setting", "external_id"), name="one_inbox_item_per_chat"),
        ),
        migrations.AddConstraint(
            model_name="interactionmessage",
            constraint=models.UniqueConstraint(
                fields=("interaction", "position"), name="one_interaction_message_per_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="interactionrevision",
            constraint=models.UniqueConstraint(
                fields=("interaction", "revision"), name="one_row_per_interaction_revision"
            ),
        ),
        migrations.AddConstraint(
            model_name="interactiontemplate",
            constraint=models.UniqueConstraint(fields=("business_group", "name"), name="template_name_in_group"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="interactiontemplate",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_interactiontemplateevent" ("business_group_id", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "values") VALUES (NEW."business_group_id", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."values"); RETURN NULL;',
                    hash="a957e25ebb5030ea8716a30846dab51a2106f526",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_cdfa6",
                    table="renkei_interactiontemplate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="interactiontemplate",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_interactiontemplateevent" ("business_group_id", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "values") VALUES (NEW."business_group_id", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."values"); RETURN NULL;',
                    hash="4a722023e2dd727cd36a72c40045eb29ea063d63",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_4f4b6",
                    table="renkei_interactiontemplate",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="chatsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("interval_seconds__range", (10, 86400))), name="import_interval_10_s_to_a_day"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chatsetting",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_chatsettingevent" ("business_group_id", "call_url", "connector", "connector_settings", "default_agent_id", "id", "interval_seconds", "is_enabled", "name", "overlap_minutes", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reuses_customers", "secrets", "template_id", "updated_at", "version") VALUES (NEW."business_group_id", NEW."call_url", NEW."connector", NEW."connector_settings", NEW."default_agent_id", NEW."id", NEW."interval_seconds", NEW."is_enabled", NEW."name", NEW."overlap_minutes", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reuses_customers", NEW."secrets", NEW."template_id", NEW."updated_at", NEW."version"); RETURN NULL;',
                    hash="f87062f1fbcc1b57f8e1f6b5177c06f70b85f84d",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_b9ec1",
                    table="renkei_chatsetting",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chatsetting",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_chatsettingevent" ("business_group_id", "call_url", "connector", "connector_settings", "default_agent_id", "id", "interval_seconds", "is_enabled", "name", "overlap_minutes", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reuses_customers", "secrets", "template_id", "updated_at", "version") VALUES (NEW."business_group_id", NEW."call_url", NEW."connector", NEW."connector_settings", NEW."default_agent_id", NEW."id", NEW."interval_seconds", NEW."is_enabled", NEW."name", NEW."overlap_minutes", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reuses_customers", NEW."secrets", NEW."template_id", NEW."updated_at", NEW."version"); RETURN NULL;',
                    hash="70d7c8b843923a8600855b3c0ee1f9f95ac676a4",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_1a8a2",
                    table="renkei_chatsetting",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="reconciliation",
            index=models.Index(fields=["setting", "-id"], name="reconciliation_newest"),
        ),
        migrations.AddConstraint(
            model_name="snsagent",
            constraint=models.UniqueConstraint(
                fields=("setting", "registration_number"), name="one_agent_per_sns_number"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snsagent",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_snsagentevent" ("agent_id", "display_name", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "registration_number", "setting_id") VALUES (NEW."agent_id", NEW."display_name", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."registration_number", NEW."setting_id"); RETURN NULL;',
                    hash="530fafedd1b1af3ba4b02ed95d1a3edf65c58118",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_8ab31",
                    table="renkei_snsagent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snsagent",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_snsagentevent" ("agent_id", "display_name", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "registration_number", "setting_id") VALUES (NEW."agent_id", NEW."display_name", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."registration_number", NEW."setting_id"); RETURN NULL;',
                    hash="5953380a57a7531b721fc4a21c8d7f00880adc3d",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_7253f",
                    table="renkei_snsagent",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="snscustomer",
            index=models.Index(fields=["customer"], name="sns_entry_of_customer"),
        ),
        migrations.AddConstraint(
            model_name="snscustomer",
            constraint=models.UniqueConstraint(
                fields=("setting", "registration_number"), name="one_customer_per_sns_number"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snscustomer",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_snscustomerevent" ("customer_id", "display_name", "id", "image_url", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "registration_number", "setting_id", "status_message") VALUES (NEW."customer_id", NEW."display_name", NEW."id", NEW."image_url", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."registration_number", NEW."setting_id", NEW."status_message"); RETURN NULL;',
                    hash="51c2700eb7cbf20bb441c6e2dc868e46ccab73ed",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_d16a0",
                    table="renkei_snscustomer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snscustomer",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_snscustomerevent" ("customer_id", "display_name", "id", "image_url", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "registration_number", "setting_id", "status_message") VALUES (NEW."customer_id", NEW."display_name", NEW."id", NEW."image_url", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."registration_number", NEW."setting_id", NEW."status_message"); RETURN NULL;',
                    hash="3ff613dc4d00ef454ce9accd1071875202cb3e3d",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_daafc",
                    table="renkei_snscustomer",
                    when="AFTER",
                ),
            ),
        ),
    ]
