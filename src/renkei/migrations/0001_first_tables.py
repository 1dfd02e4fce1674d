"""The first tables, with the triggers that keep the history of settings."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import renkei.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "extension",
                    models.CharField(
                        max_length=6,
                        unique=True,
                        validators=[django.core.validators.RegexValidator("\\A[0-9]{2,6}\\Z")],
                        verbose_name="Extension",
                    ),
                ),
                ("sip_password", models.BinaryField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="BusinessGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="Business group")),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="BusinessLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="Business label")),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="BusinessLabelEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=40, verbose_name="Business label")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line_id", models.CharField(max_length=80, unique=True)),
                ("direction", models.CharField(choices=[("in", "In"), ("out", "Out")], default="in", max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("in_ivr", "In Ivr"),
                            ("ringing", "Ringing"),
                            ("talking", "Talking"),
                            ("held", "Held"),
                            ("ended", "Ended"),
                        ],
                        default="in_ivr",
                        max_length=8,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("answered", "Answered"),
                            ("abandoned", "Abandoned"),
                            ("missed", "Missed"),
                            ("busy", "Busy"),
                            ("guidance", "Guidance"),
                            ("forwarded", "Forwarded"),
                            ("fallback", "Fallback"),
                        ],
                        max_length=10,
                    ),
                ),
                ("caller_raw", models.CharField(blank=True, max_length=200)),
                ("caller_name", models.CharField(blank=True, max_length=200)),
                ("caller_e164", models.CharField(max_length=16, null=True)),
                ("caller_unknown", models.CharField(blank=True, max_length=16)),
                ("dialled_raw", models.CharField(blank=True, max_length=200)),
                ("owner", models.CharField(blank=True, max_length=40)),
                ("passed_linkage", models.BooleanField(default=False)),
                ("arrived_at", models.DateTimeField(default=renkei.clock.now)),
                ("answered_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("wrapped_up_at", models.DateTimeField(null=True)),
                ("during_outage", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="CallCommand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16)),
                ("args", models.JSONField(default=dict)),
                ("asked_at", models.DateTimeField(default=renkei.clock.now)),
                ("done_at", models.DateTimeField(null=True)),
                ("error_code", models.CharField(blank=True, max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name="CallLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=renkei.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="CallRing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ring_id", models.CharField(max_length=80)),
                ("rang_at", models.DateTimeField(default=renkei.clock.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.CharField(blank=True, max_length=12)),
            ],
        ),
        migrations.CreateModel(
            name="Ivr",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="IVR name")),
                ("use_api", models.BooleanField(default=False, verbose_name="Use API linkage")),
                (
                    "service_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("chatbot_dec_support", "Chatbot linkage (DEC Support)"),
                            ("chatbot_standard", "Chatbot linkage (standard chat API)"),
                        ],
                        max_length=24,
                        null=True,
                        verbose_name="Service type",
                    ),
                ),
                ("created_at", models.DateTimeField(default=renkei.clock.now)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="ChatbotLinkageEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("connector", models.CharField(max_length=40)),
                ("project_id", models.CharField(blank=True, max_length=120, verbose_name="Project ID")),
                ("channel_id", models.CharField(blank=True, max_length=120, verbose_name="Channel ID")),
                ("connector_settings", models.JSONField(blank=True, default=dict)),
                ("secrets", models.BinaryField(null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ChatConversation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connector", models.CharField(max_length=40)),
                ("project_id", models.CharField(max_length=120)),
                ("channel_id", models.CharField(max_length=120)),
                ("external_id", models.CharField(max_length=200)),
                ("typed_number", models.CharField(blank=True, max_length=200)),
                ("e164", models.CharField(max_length=16, null=True)),
                ("identified_at", models.DateTimeField(null=True)),
                ("last_customer_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField(default=renkei.clock.now)),
                ("updated_at", models.DateTimeField(default=renkei.clock.now)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("content_sha256", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="ChatDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connector", models.CharField(max_length=40)),
                ("delivery_id", models.CharField(max_length=200)),
                ("received_at", models.DateTimeField(default=renkei.clock.now)),
                ("error_code", models.CharField(blank=True, max_length=60)),
                ("raw", models.BinaryField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ChatLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=16)),
                ("source", models.CharField(blank=True, max_length=8)),
                ("record", models.JSONField(default=dict)),
                ("window_minutes", models.PositiveIntegerField(default=1440)),
                ("at", models.DateTimeField(default=renkei.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="ChatMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("speaker", models.CharField(max_length=8)),
                ("kind", models.CharField(max_length=8)),
                ("text", models.TextField(blank=True)),
                ("url", models.TextField(null=True)),
                ("sent_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ConnectionTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(default=renkei.clock.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("number", models.CharField(max_length=16)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("result", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="ExternalApiCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connector", models.CharField(max_length=40)),
                ("method", models.CharField(max_length=8)),
                ("url", models.TextField()),
                ("request_headers", models.JSONField(default=dict)),
                ("request_body", models.TextField(blank=True)),
                ("status", models.PositiveIntegerField(null=True)),
                ("outcome", models.CharField(max_length=24)),
                ("error", models.CharField(blank=True, max_length=60)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                ("answer_excerpt", models.TextField(blank=True)),
                ("is_confidential", models.BooleanField(default=False)),
                ("at", models.DateTimeField(default=renkei.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="Guidance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="Guidance")),
                ("builtin", models.CharField(editable=False, max_length=24, null=True, unique=True)),
                ("words", models.TextField(blank=True, max_length=1000, verbose_name="Words")),
                ("media", models.CharField(max_length=120)),
                ("seconds", models.FloatField(default=1.0)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="GuidanceEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=80, verbose_name="Guidance")),
                ("builtin", models.CharField(editable=False, max_length=24, null=True)),
                ("words", models.TextField(blank=True, max_length=1000, verbose_name="Words")),
                ("media", models.CharField(max_length=120)),
                ("seconds", models.FloatField(default=1.0)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="IncomingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="Incoming rule")),
                ("builtin", models.CharField(editable=False, max_length=16, null=True, unique=True)),
                ("steps", models.JSONField(default=list)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="IncomingRuleEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=80, verbose_name="Incoming rule")),
                ("builtin", models.CharField(editable=False, max_length=16, null=True)),
                ("steps", models.JSONField(default=list)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("centre_name", models.CharField(default="Renkei", max_length=80, verbose_name="Contact centre name")),
                ("zone", models.CharField(default="Asia/Tokyo", max_length=40, verbose_name="Time zone")),
                ("api_linked_ivr", models.BooleanField(default=True, verbose_name="API-linked IVR")),
                ("chatbot_linkage", models.BooleanField(default=True, verbose_name="Chatbot linkage")),
                ("crm_linkage", models.BooleanField(default=True, verbose_name="CRM linkage")),
                ("realtime_speech", models.BooleanField(default=True, verbose_name="Real-time speech synthesis")),
                ("chat_import", models.BooleanField(default=True, verbose_name="Chat linkage (import)")),
                (
                    "history_retention_days",
                    models.PositiveIntegerField(
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="History retention (days)",
                    ),
                ),
                (
                    "link_window_minutes",
                    models.PositiveIntegerField(
                        default=1440,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="Window for linking a chat (minutes)",
                    ),
                ),
                (
                    "lookup_budget_ms",
                    models.PositiveIntegerField(
                        default=3000,
                        validators=[
                            django.core.validators.MinValueValidator(200),
                            django.core.validators.MaxValueValidator(8000),
                        ],
                        verbose_name="Time limit of a look-up (ms)",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InstallationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("centre_name", models.CharField(default="Renkei", max_length=80, verbose_name="Contact centre name")),
                ("zone", models.CharField(default="Asia/Tokyo", max_length=40, verbose_name="Time zone")),
                ("api_linked_ivr", models.BooleanField(default=True, verbose_name="API-linked IVR")),
                ("chatbot_linkage", models.BooleanField(default=True, verbose_name="Chatbot linkage")),
                ("crm_linkage", models.BooleanField(default=True, verbose_name="CRM linkage")),
                ("realtime_speech", models.BooleanField(default=True, verbose_name="Real-time speech synthesis")),
                ("chat_import", models.BooleanField(default=True, verbose_name="Chat linkage (import)")),
                (
                    "history_retention_days",
                    models.PositiveIntegerField(
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="History retention (days)",
                    ),
                ),
                (
                    "link_window_minutes",
                    models.PositiveIntegerField(
                        default=1440,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="Window for linking a chat (minutes)",
                    ),
                ),
                (
                    "lookup_budget_ms",
                    models.PositiveIntegerField(
                        default=3000,
                        validators=[
                            django.core.validators.MinValueValidator(200),
                            django.core.validators.MaxValueValidator(8000),
                        ],
                        verbose_name="Time limit of a look-up (ms)",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="IvrEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=80, verbose_name="IVR name")),
                ("use_api", models.BooleanField(default=False, verbose_name="Use API linkage")),
                (
                    "service_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("chatbot_dec_support", "Chatbot linkage (DEC Support)"),
                            ("chatbot_standard", "Chatbot linkage (standard chat API)"),
                        ],
                        max_length=24,
                        null=True,
                        verbose_name="Service type",
                    ),
                ),
                ("created_at", models.DateTimeField(default=renkei.clock.now)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="IvrStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("ivr_name", models.CharField(blank=True, max_length=80)),
                ("kind", models.CharField(max_length=24)),
                ("detail", models.JSONField(default=dict)),
                ("at", models.DateTimeField(default=renkei.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="OneTimeSignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_sha256", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="PhoneNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", models.CharField(max_length=16, unique=True, verbose_name="Telephone number")),
                ("name", models.CharField(max_length=80, verbose_name="Name")),
            ],
            options={
                "ordering": ("e164",),
            },
        ),
        migrations.CreateModel(
            name="PhoneNumberEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("e164", models.CharField(max_length=16, verbose_name="Telephone number")),
                ("name", models.CharField(max_length=80, verbose_name="Name")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ResponseBranch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "condition",
                    models.CharField(
                        choices=[("success", "Success"), ("failure", "Failure")],
                        max_length=8,
                        verbose_name="Response condition",
                    ),
                ),
                (
                    "guidance_form",
                    models.CharField(
                        choices=[("standard", "Standard guidance"), ("speech", "Real-time speech synthesis")],
                        default="standard",
                        max_length=8,
                        verbose_name="Guidance form",
                    ),
                ),
                ("speech_text", models.TextField(blank=True, max_length=1000, verbose_name="Speech synthesis text")),
                (
                    "action",
                    models.CharField(
                        choices=[("transfer", "Transfer"), ("rule", "Incoming rule")],
                        default="rule",
                        max_length=8,
                        verbose_name="Action on selection",
                    ),
                ),
                ("outside_number", models.CharField(blank=True, max_length=20, verbose_name="Outside number")),
                ("memo", models.TextField(blank=True, verbose_name="Memo")),
            ],
            options={
                "ordering": ("ivr", "-condition"),
            },
        ),
        migrations.CreateModel(
            name="ResponseBranchEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "condition",
                    models.CharField(
                        choices=[("success", "Success"), ("failure", "Failure")],
                        max_length=8,
                        verbose_name="Response condition",
                    ),
                ),
                (
                    "guidance_form",
                    models.CharField(
                        choices=[("standard", "Standard guidance"), ("speech", "Real-time speech synthesis")],
                        default="standard",
                        max_length=8,
                        verbose_name="Guidance form",
                    ),
                ),
                ("speech_text", models.TextField(blank=True, max_length=1000, verbose_name="Speech synthesis text")),
                (
                    "action",
                    models.CharField(
                        choices=[("transfer", "Transfer"), ("rule", "Incoming rule")],
                        default="rule",
                        max_length=8,
                        verbose_name="Action on selection",
                    ),
                ),
                ("outside_number", models.CharField(blank=True, max_length=20, verbose_name="Outside number")),
                ("memo", models.TextField(blank=True, verbose_name="Memo")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SimulatedAction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line_id", models.CharField(max_length=80)),
                ("kind", models.CharField(max_length=8)),
                ("args", models.JSONField(default=dict)),
                ("asked_at", models.DateTimeField(default=renkei.clock.now)),
                ("done_at", models.DateTimeField(null=True)),
                ("error_code", models.CharField(blank=True, max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name="StreamEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField()),
                ("kind", models.CharField(max_length=24)),
                ("refs", models.JSONField(default=dict)),
                ("at", models.DateTimeField(default=renkei.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("epoch", models.BigIntegerField(default=1)),
                ("lease_until", models.DateTimeField()),
                ("line", models.CharField(default="simulator", max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("username", models.CharField(max_length=64, unique=True, verbose_name="User name")),
                ("display_name", models.CharField(max_length=80, verbose_name="Name")),
                ("display_name_kana", models.CharField(blank=True, max_length=80, verbose_name="Name (kana)")),
                (
                    "language",
                    models.CharField(
                        choices=[("ja", "日本語"), ("en", "English")],
                        default="ja",
                        max_length=5,
                        verbose_name="Language",
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "As the system"), ("light", "Light"), ("dark", "Dark")],
                        default="auto",
                        max_length=5,
                        verbose_name="Appearance",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="Enabled")),
                ("joined_at", models.DateTimeField(default=renkei.clock.now)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "ordering": ("display_name_kana", "username"),
            },
        ),
        migrations.CreateModel(
            name="CtiPreference",
            fields=[
                (
                    "agent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="cti",
                        serialize=False,
                        to="renkei.agent",
                    ),
                ),
                ("show_chat", models.BooleanField(default=False, verbose_name="Enable chat display")),
                (
                    "show_times_and_copy",
                    models.BooleanField(default=False, verbose_name="Show times and copy in the pop-up"),
                ),
                ("play_tone", models.BooleanField(default=True, verbose_name="Play a tone when a call arrives")),
            ],
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "agent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="presence",
                        serialize=False,
                        to="renkei.agent",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("available", "Available"),
                            ("away", "Away"),
                            ("ringing", "Ringing"),
                            ("talking", "Talking"),
                            ("after_call", "After-call work"),
                            ("offline", "Offline"),
                        ],
                        default="offline",
                        max_length=12,
                    ),
                ),
                ("since", models.DateTimeField(default=renkei.clock.now)),
                ("next_state", models.CharField(blank=True, default="", max_length=12)),
            ],
        ),
        migrations.CreateModel(
            name="StreamHead",
            fields=[
                (
                    "agent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="renkei.agent",
                    ),
                ),
                ("number", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="agent",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="agent", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="Name")),
                ("prefix", models.CharField(max_length=12, unique=True)),
                ("secret_sha256", models.CharField(max_length=64)),
                (
                    "permissions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField(default=renkei.clock.now)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=renkei.clock.now)),
                ("actor", models.CharField(max_length=80)),
                ("action", models.CharField(max_length=64)),
                ("resource", models.CharField(max_length=40)),
                ("object_id", models.CharField(blank=True, max_length=40)),
                ("detail", models.JSONField(default=dict)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="agent",
            name="business_group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="agents",
                to="renkei.businessgroup",
                verbose_name="Business group",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="businesslabel",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_businesslabelevent" ("id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;',
                    hash="863699f29325e17e775f029e2ee9cd3b4a701b1f",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_49ba6",
                    table="renkei_businesslabel",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="businesslabel",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_businesslabelevent" ("id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;',
                    hash="18acf05c54849411fb9ac3eeaec912b5ca738af0",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_5633b",
                    table="renkei_businesslabel",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="businesslabelevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="businesslabelevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="renkei.businesslabel",
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="answered_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.agent"
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="business_group",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.businessgroup"
            ),
        ),
        migrations.AddField(
            model_name="callcommand",
            name="agent",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.agent"),
        ),
        migrations.AddField(
            model_name="callcommand",
            name="call",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="commands", to="renkei.call"
            ),
        ),
        migrations.AddField(
            model_name="calllabel",
            name="call",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="call_labels", to="renkei.call"
            ),
        ),
        migrations.AddField(
            model_name="calllabel",
            name="label",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.businesslabel"
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="labels",
            field=models.ManyToManyField(related_name="+", through="renkei.CallLabel", to="renkei.businesslabel"),
        ),
        migrations.AddField(
            model_name="callring",
            name="agent",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="renkei.agent"),
        ),
        migrations.AddField(
            model_name="callring",
            name="call",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="rings", to="renkei.call"
            ),
        ),
        migrations.CreateModel(
            name="ChatbotLinkage",
            fields=[
                (
                    "ivr",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="linkage",
                        serialize=False,
                        to="renkei.ivr",
                    ),
                ),
                ("connector", models.CharField(max_length=40)),
                ("project_id", models.CharField(blank=True, max_length=120, verbose_name="Project ID")),
                ("channel_id", models.CharField(blank=True, max_length=120, verbose_name="Channel ID")),
                ("connector_settings", models.JSONField(blank=True, default=dict)),
                ("secrets", models.BinaryField(null=True)),
            ],
        ),
        migrations.AddConstraint(
            model_name="ivr",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("service_type__isnull", False), ("use_api", True)),
                    models.Q(("service_type__isnull", True), ("use_api", False)),
                    _connector="OR",
                ),
                name="ivr_service_type_goes_with_api",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ivr",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_ivrevent" ("created_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "service_type", "use_api") VALUES (NEW."created_at", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."service_type", NEW."use_api"); RETURN NULL;',
                    hash="202d61986a9d2a749bb255def8408e81418970c6",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_7f68d",
                    table="renkei_ivr",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ivr",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_ivrevent" ("created_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "service_type", "use_api") VALUES (NEW."created_at", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."service_type", NEW."use_api"); RETURN NULL;',
                    hash="da8147ed0978c81f64fc31ddc9d20cf216dc4bf3",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_1cbad",
                    table="renkei_ivr",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="chatbotlinkageevent",
            name="ivr",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                serialize=False,
                to="renkei.ivr",
            ),
        ),
        migrations.AddField(
            model_name="chatbotlinkageevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddIndex(
            model_name="chatconversation",
            index=models.Index(fields=["e164", "channel_id", "-received_at"], name="conversation_by_number"),
        ),
        migrations.AddIndex(
            model_name="chatconversation",
            index=models.Index(fields=["received_at"], name="conversation_by_arrival"),
        ),
        migrations.AddConstraint(
            model_name="chatconversation",
            constraint=models.UniqueConstraint(
                fields=("connector", "project_id", "channel_id", "external_id"), name="one_row_per_conversation"
            ),
        ),
        migrations.AddConstraint(
            model_name="chatdelivery",
            constraint=models.UniqueConstraint(fields=("connector", "delivery_id"), name="one_row_per_delivery"),
        ),
        migrations.AddField(
            model_name="chatlink",
            name="call",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="links", to="renkei.call"
            ),
        ),
        migrations.AddField(
            model_name="chatlink",
            name="conversation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="links",
                to="renkei.chatconversation",
            ),
        ),
        migrations.AddField(
            model_name="chatlink",
            name="ivr",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="renkei.ivr"
            ),
        ),
        migrations.AddField(
            model_name="chatmessage",
            name="conversation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="messages", to="renkei.chatconversation"
            ),
        ),
        migrations.AddField(
            model_name="connectiontest",
            name="asked_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="connectiontest",
            name="ivr",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="connection_tests", to="renkei.ivr"
            ),
        ),
        migrations.AddField(
            model_name="externalapicall",
            name="call",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="api_calls", to="renkei.call"
            ),
        ),
        migrations.AddField(
            model_name="externalapicall",
            name="ivr",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="renkei.ivr"
            ),
        ),
        migrations.AddField(
            model_name="guidance",
            name="ivr",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="guidances",
                to="renkei.ivr",
            ),
        ),
        migrations.AddField(
            model_name="guidanceevent",
            name="ivr",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.ivr",
            ),
        ),
        migrations.AddField(
            model_name="guidanceevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="guidanceevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="renkei.guidance",
            ),
        ),
        migrations.AddField(
            model_name="chatbotlinkageevent",
            name="request_error_rule",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.incomingrule",
                verbose_name="Behaviour on request error",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incomingrule",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_incomingruleevent" ("builtin", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "steps") VALUES (NEW."builtin", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."steps"); RETURN NULL;',
                    hash="299ff51d250a7eb6205354f653cf10bd81d12bba",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_855b7",
                    table="renkei_incomingrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incomingrule",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_incomingruleevent" ("builtin", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "steps") VALUES (NEW."builtin", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."steps"); RETURN NULL;',
                    hash="c550a8492b86ed5ed5113e888a388a1d427f32b6",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_8c634",
                    table="renkei_incomingrule",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="incomingruleevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="incomingruleevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="renkei.incomingrule",
            ),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="installation_is_one_row"),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=models.CheckConstraint(
                condition=models.Q(("lookup_budget_ms__range", (200, 8000))), name="lookup_budget_within_8_s"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="installation",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_installationevent" ("api_linked_ivr", "centre_name", "chat_import", "chatbot_linkage", "crm_linkage", "history_retention_days", "id", "link_window_minutes", "lookup_budget_ms", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "realtime_speech", "zone") VALUES (NEW."api_linked_ivr", NEW."centre_name", NEW."chat_import", NEW."chatbot_linkage", NEW."crm_linkage", NEW."history_retention_days", NEW."id", NEW."link_window_minutes", NEW."lookup_budget_ms", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."realtime_speech", NEW."zone"); RETURN NULL;',
                    hash="f3081009a7821bfd4aef9be1d07afd6f94d59119",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_160c2",
                    table="renkei_installation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="installation",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_installationevent" ("api_linked_ivr", "centre_name", "chat_import", "chatbot_linkage", "crm_linkage", "history_retention_days", "id", "link_window_minutes", "lookup_budget_ms", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "realtime_speech", "zone") VALUES (NEW."api_linked_ivr", NEW."centre_name", NEW."chat_import", NEW."chatbot_linkage", NEW."crm_linkage", NEW."history_retention_days", NEW."id", NEW."link_window_minutes", NEW."lookup_budget_ms", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."realtime_speech", NEW."zone"); RETURN NULL;',
                    hash="cc84324b5f38f2c68163742f316a8f3fb3415e9a",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_a6605",
                    table="renkei_installation",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="installationevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="installationevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="renkei.installation",
            ),
        ),
        migrations.AddField(
            model_name="ivrevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="ivrevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="renkei.ivr",
            ),
        ),
        migrations.AddField(
            model_name="ivrstep",
            name="call",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="ivr_steps", to="renkei.call"
            ),
        ),
        migrations.AddField(
            model_name="ivrstep",
            name="ivr",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="renkei.ivr"
            ),
        ),
        migrations.AddField(
            model_name="onetimesignin",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="phonenumber",
            name="business_group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="numbers",
                to="renkei.businessgroup",
                verbose_name="Business group",
            ),
        ),
        migrations.AddField(
            model_name="phonenumber",
            name="entry_ivr",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="numbers",
                to="renkei.ivr",
                verbose_name="IVR",
            ),
        ),
        migrations.AddField(
            model_name="phonenumber",
            name="entry_rule",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="renkei.incomingrule",
                verbose_name="Incoming rule",
            ),
        ),
        migrations.AddField(
            model_name="phonenumber",
            name="fallback_rule",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="renkei.incomingrule",
                verbose_name="Behaviour in case of failure",
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="number",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="renkei.phonenumber"
            ),
        ),
        migrations.AddField(
            model_name="phonenumberevent",
            name="business_group",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.businessgroup",
                verbose_name="Business group",
            ),
        ),
        migrations.AddField(
            model_name="phonenumberevent",
            name="entry_ivr",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.ivr",
                verbose_name="IVR",
            ),
        ),
        migrations.AddField(
            model_name="phonenumberevent",
            name="entry_rule",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.incomingrule",
                verbose_name="Incoming rule",
            ),
        ),
        migrations.AddField(
            model_name="phonenumberevent",
            name="fallback_rule",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.incomingrule",
                verbose_name="Behaviour in case of failure",
            ),
        ),
        migrations.AddField(
            model_name="phonenumberevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="phonenumberevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="renkei.phonenumber",
            ),
        ),
        migrations.AddField(
            model_name="responsebranch",
            name="destination_agent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="renkei.agent",
                verbose_name="Destination (extension)",
            ),
        ),
        migrations.AddField(
            model_name="responsebranch",
            name="destination_ivr",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="renkei.ivr",
                verbose_name="Destination (IVR)",
            ),
        ),
        migrations.AddField(
            model_name="responsebranch",
            name="guidance",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="renkei.guidance",
                verbose_name="Guidance after API linkage",
            ),
        ),
        migrations.AddField(
            model_name="responsebranch",
            name="ivr",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="branches", to="renkei.ivr"
            ),
        ),
        migrations.AddField(
            model_name="responsebranch",
            name="label",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="renkei.businesslabel",
                verbose_name="Business label",
            ),
        ),
        migrations.AddField(
            model_name="responsebranch",
            name="rule",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="renkei.incomingrule",
                verbose_name="Incoming rule",
            ),
        ),
        migrations.AddField(
            model_name="responsebranchevent",
            name="destination_agent",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.agent",
                verbose_name="Destination (extension)",
            ),
        ),
        migrations.AddField(
            model_name="responsebranchevent",
            name="destination_ivr",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.ivr",
                verbose_name="Destination (IVR)",
            ),
        ),
        migrations.AddField(
            model_name="responsebranchevent",
            name="guidance",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.guidance",
                verbose_name="Guidance after API linkage",
            ),
        ),
        migrations.AddField(
            model_name="responsebranchevent",
            name="ivr",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.ivr",
            ),
        ),
        migrations.AddField(
            model_name="responsebranchevent",
            name="label",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.businesslabel",
                verbose_name="Business label",
            ),
        ),
        migrations.AddField(
            model_name="responsebranchevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="responsebranchevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="renkei.responsebranch",
            ),
        ),
        migrations.AddField(
            model_name="responsebranchevent",
            name="rule",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="renkei.incomingrule",
                verbose_name="Incoming rule",
            ),
        ),
        migrations.AddIndex(
            model_name="simulatedaction",
            index=models.Index(condition=models.Q(("done_at__isnull", True)), fields=["id"], name="simulated_open"),
        ),
        migrations.AddField(
            model_name="streamevent",
            name="agent",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="renkei.agent"),
        ),
        migrations.AddField(
            model_name="ctipreference",
            name="numbers",
            field=models.ManyToManyField(blank=True, related_name="+", to="renkei.phonenumber"),
        ),
        migrations.AddField(
            model_name="presence",
            name="call",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="renkei.call"
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["resource", "object_id", "-at"], name="audit_by_object"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["-at", "-id"], name="audit_newest_first"),
        ),
        migrations.AddIndex(
            model_name="callcommand",
            index=models.Index(condition=models.Q(("done_at__isnull", True)), fields=["id"], name="command_open"),
        ),
        migrations.AddIndex(
            model_name="callring",
            index=models.Index(fields=["agent", "-rang_at"], name="ring_by_agent"),
        ),
        migrations.AddIndex(
            model_name="callring",
            index=models.Index(condition=models.Q(("ended_at__isnull", True)), fields=["agent"], name="ring_open"),
        ),
        migrations.AddConstraint(
            model_name="callring",
            constraint=models.UniqueConstraint(fields=("call", "ring_id", "agent"), name="one_row_per_ring"),
        ),
        migrations.AddField(
            model_name="chatbotlinkageevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="renkei.chatbotlinkage",
            ),
        ),
        migrations.AddField(
            model_name="chatbotlinkage",
            name="request_error_rule",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="renkei.incomingrule",
                verbose_name="Behaviour on request error",
            ),
        ),
        migrations.AddIndex(
            model_name="chatlink",
            index=models.Index(fields=["call", "-id"], name="link_newest_of_call"),
        ),
        migrations.AddConstraint(
            model_name="chatlink",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", "linked"), ("conversation__isnull", True), _connector="OR"),
                name="link_reason_agrees",
            ),
        ),
        migrations.AddConstraint(
            model_name="chatmessage",
            constraint=models.UniqueConstraint(fields=("conversation", "position"), name="one_message_per_position"),
        ),
        migrations.AddIndex(
            model_name="connectiontest",
            index=models.Index(fields=["ivr", "-id"], name="connection_test_newest"),
        ),
        migrations.AddConstraint(
            model_name="connectiontest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "running"))),
                fields=("ivr",),
                name="one_open_connection_test",
            ),
        ),
        migrations.AddIndex(
            model_name="externalapicall",
            index=models.Index(fields=["-at", "-id"], name="api_call_newest_first"),
        ),
        migrations.AddConstraint(
            model_name="guidance",
            constraint=models.UniqueConstraint(fields=("name", "ivr"), name="guidance_name", nulls_distinct=False),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="guidance",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_guidanceevent" ("builtin", "id", "ivr_id", "media", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "seconds", "words") VALUES (NEW."builtin", NEW."id", NEW."ivr_id", NEW."media", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."seconds", NEW."words"); RETURN NULL;',
                    hash="d9ee387d87dd543e161da592187ef23cd2508b9d",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_7541a",
                    table="renkei_guidance",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="guidance",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_guidanceevent" ("builtin", "id", "ivr_id", "media", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "seconds", "words") VALUES (NEW."builtin", NEW."id", NEW."ivr_id", NEW."media", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."seconds", NEW."words"); RETURN NULL;',
                    hash="a75de7c48ecf8acd41829cff1d8fe81f79be71e4",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_bc2bf",
                    table="renkei_guidance",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="ivrstep",
            index=models.Index(fields=["-at", "-id"], name="ivr_step_newest_first"),
        ),
        migrations.AddConstraint(
            model_name="ivrstep",
            constraint=models.UniqueConstraint(fields=("call", "position"), name="one_step_per_position"),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("entry_ivr__isnull", False), ("entry_rule__isnull", True)),
                    models.Q(("entry_ivr__isnull", True), ("entry_rule__isnull", False)),
                    _connector="OR",
                ),
                name="number_has_one_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(("e164__regex", "^\\+[1-9][0-9]{2,14}$")), name="number_is_e164"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="phonenumber",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_phonenumberevent" ("business_group_id", "e164", "entry_ivr_id", "entry_rule_id", "fallback_rule_id", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."business_group_id", NEW."e164", NEW."entry_ivr_id", NEW."entry_rule_id", NEW."fallback_rule_id", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;',
                    hash="3560bea43dee5e88b9f944b58f0fa66edd6f17cf",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_5edca",
                    table="renkei_phonenumber",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="phonenumber",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_phonenumberevent" ("business_group_id", "e164", "entry_ivr_id", "entry_rule_id", "fallback_rule_id", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."business_group_id", NEW."e164", NEW."entry_ivr_id", NEW."entry_rule_id", NEW."fallback_rule_id", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;',
                    hash="ba8e4278dd6ee7ac1e3b1cd8d96d10b8d8ef1354",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_e5686",
                    table="renkei_phonenumber",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["-arrived_at", "-id"], name="call_newest_first"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["caller_e164", "-arrived_at"], name="call_by_caller"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["business_group", "-arrived_at", "-id"], name="call_by_group"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["answered_by", "-arrived_at", "-id"], name="call_by_agent"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("state", "ended"), _negated=True), fields=["owner"], name="call_standing"
            ),
        ),
        migrations.AddConstraint(
            model_name="responsebranch",
            constraint=models.UniqueConstraint(fields=("ivr", "condition"), name="one_branch_per_condition"),
        ),
        migrations.AddConstraint(
            model_name="responsebranch",
            constraint=models.CheckConstraint(
                condition=models.Q(("memo__length__lte", 500)), name="memo_at_most_500_characters"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="responsebranch",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_responsebranchevent" ("action", "condition", "destination_agent_id", "destination_ivr_id", "guidance_form", "guidance_id", "id", "ivr_id", "label_id", "memo", "outside_number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule_id", "speech_text") VALUES (NEW."action", NEW."condition", NEW."destination_agent_id", NEW."destination_ivr_id", NEW."guidance_form", NEW."guidance_id", NEW."id", NEW."ivr_id", NEW."label_id", NEW."memo", NEW."outside_number", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."rule_id", NEW."speech_text"); RETURN NULL;',
                    hash="e9f1d084c1fffc505875cba6a3f3bba43fa6d961",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_95f81",
                    table="renkei_responsebranch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="responsebranch",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_responsebranchevent" ("action", "condition", "destination_agent_id", "destination_ivr_id", "guidance_form", "guidance_id", "id", "ivr_id", "label_id", "memo", "outside_number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule_id", "speech_text") VALUES (NEW."action", NEW."condition", NEW."destination_agent_id", NEW."destination_ivr_id", NEW."guidance_form", NEW."guidance_id", NEW."id", NEW."ivr_id", NEW."label_id", NEW."memo", NEW."outside_number", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."rule_id", NEW."speech_text"); RETURN NULL;',
                    hash="e43cfe4f9a3c5dc703789c3fc30f3c6cfda305cb",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_c2cf7",
                    table="renkei_responsebranch",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="streamevent",
            index=models.Index(fields=["at"], name="stream_event_by_age"),
        ),
        migrations.AddConstraint(
            model_name="streamevent",
            constraint=models.UniqueConstraint(fields=("agent", "number"), name="stream_number_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chatbotlinkage",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "renkei_chatbotlinkageevent" ("channel_id", "connector", "connector_settings", "ivr_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "project_id", "request_error_rule_id", "secrets") VALUES (NEW."channel_id", NEW."connector", NEW."connector_settings", NEW."ivr_id", _pgh_attach_context(), NOW(), \'insert\', NEW."ivr_id", NEW."project_id", NEW."request_error_rule_id", NEW."secrets"); RETURN NULL;',
                    hash="091b9a7e38651898a2e5d04d36e1861b601aa935",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_b6d0a",
                    table="renkei_chatbotlinkage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chatbotlinkage",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "renkei_chatbotlinkageevent" ("channel_id", "connector", "connector_settings", "ivr_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "project_id", "request_error_rule_id", "secrets") VALUES (NEW."channel_id", NEW."connector", NEW."connector_settings", NEW."ivr_id", _pgh_attach_context(), NOW(), \'update\', NEW."ivr_id", NEW."project_id", NEW."request_error_rule_id", NEW."secrets"); RETURN NULL;',
                    hash="da24a67a253e08a7a67d8e0177c1e0e74c40993e",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_acdae",
                    table="renkei_chatbotlinkage",
                    when="AFTER",
                ),
            ),
        ),
    ]
