"""The catalogue: every sentence that people read and that carries a code. What is made of them: messages.py.

A sentence says what happened, what it means and what to do. To add one: a line here in English, its Japanese in
``locale/ja/parts/messages.po``. Values are named ``%(name)s``.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

SENTENCES: Mapping[str, Promise] = {
    # ── the stored result of a link attempt (R120 to R130) and what stands beside it ──
    "chat_connection_failed": _("The connection to the chat failed"),
    "chat_not_in_window": _(
        "The customer typed a wrong telephone number into the chat, or has not used the chat within %(hours)s hours"
    ),
    "chat_not_obtained": _("The chat could not be obtained"),
    "server_connection_failed": _("The connection to the server failed"),
    "see_histories": _("See the IVR history and the external-API history for the details of the error."),
    "caller_is_a_hint": _("Matched by number only; not verified"),
    "claimed_by_several": _(
        "%(count)s chats name this number within the window. Ask the customer which one is theirs before "
        "you speak of its content."
    ),
    # ── why, reason by reason (D2) ──
    "reason_linked": _("The chat of the caller's number that lies nearest before the call was linked."),
    "reason_caller_withheld": _(
        "The call came without a usable caller number, so no chat could be looked up. Ask the customer "
        "for the number they gave in the chat."
    ),
    "reason_settings_error": _(
        "The linkage settings are incomplete or unreadable, so nothing was sent to the provider. Check "
        "the project ID, the channel ID and the connection in the chatbot linkage settings."
    ),
    "reason_switched_off": _(
        "Chatbot linkage is switched off in the system settings, so nothing was sent to the provider. "
        "Switch it on, or route this number elsewhere."
    ),
    "reason_request_error": _(
        "The provider gave no usable answer in time. If this goes on, check the connection and ask the provider."
    ),
    "reason_bad_project": _(
        "The provider does not accept the project ID or its credentials. Check them in the chatbot linkage settings."
    ),
    "reason_bad_channel": _("The provider does not know the channel ID. Check it in the chatbot linkage settings."),
    "reason_provider_error": _(
        "The provider answered with an error or with something unreadable. The external-API history keeps the details."
    ),
    "reason_not_obtained": _(
        "The provider answered only “not found”. The number was not used in the chat, was typed "
        "differently or longer ago than the window, or the project ID is wrong."
    ),
    "reason_expired": _("There is a chat of this number, but it lies outside the window."),
    "reason_number_mismatch": _(
        "A chat within the window names a number that is nearly the caller's: it was probably mistyped. "
        "Confirm with the customer."
    ),
    "reason_no_chat": _(
        "No chat of this number is known within the window. The customer called without using the "
        "chatbot, or from another telephone."
    ),
    # ── the decision record (B2) ──
    "record_age": _("Chat %(number)s: %(age)s before the call, limit %(limit)s"),
    "record_after_arrival": _("Chat %(number)s: %(age)s after the call arrived, not used"),
    "record_no_time": _("Chat %(number)s: no time is known, not used"),
    "record_left_out": _("%(count)s more chats were weighed"),
    "record_near_number": _("Last four digits differ: %(caller)s / %(nearest)s"),
    "record_near_number_before": _("Last four digits agree (%(caller)s), digits before them differ"),
    "record_status": _("The provider answered with status %(status)s"),
    "record_detail": _("Detail: %(detail)s"),
    # ── how long ──
    "hours_minutes": _("%(hours)s h %(minutes)s m"),
    "hours": _("%(hours)s h"),
    "minutes_seconds": _("%(minutes)s m %(seconds)s s"),
    # ── words of a transcript ──
    "speaker_customer": pgettext_lazy("speaker", "Customer"),
    "speaker_chat_service": pgettext_lazy("speaker", "Chat service"),
    "open_link": _("Open the link"),
    "spoken_at": _("Conversation date and time"),
    "speaker": _("Speaker"),
    "content": _("Conversation content"),
    "shift_jis_losses": _(
        "What Shift_JIS cannot write becomes 〓 (count: %(count)s): %(characters)s. Choose UTF-8 to keep it."
    ),
    # ── a caller without a number ──
    "number_withheld": _("Withheld number"),
    "number_payphone": _("Payphone"),
    "number_out_of_area": _("Number not available"),
    "number_unknown": _("Unknown number"),
    "number_unparsable": _("Unreadable number"),
    # ── a request to another system that got no usable answer ──
    "outbound_failed": _("The request failed."),
    "address_refused": _(
        "The address is not allowed as a destination; nothing was sent. The server's administrator can allow it "
        "(RENKEI_ALLOWED_DESTINATIONS)."
    ),
    "address_never_allowed": _("This address can never be a destination; nothing was sent."),
    "address_not_public": _(
        "The address is not on the public internet; nothing was sent. The server's administrator can allow it "
        "(RENKEI_ALLOWED_DESTINATIONS)."
    ),
    "port_not_allowed": _("The address has a port that is not allowed; nothing was sent."),
    "scheme_not_allowed": _("The address must begin with https:// or, where allowed, http://."),
    "userinfo_in_url": _("The address must not hold a user name or a password."),
    "bad_url": _("The address is not a valid URL."),
    "bad_request": _("The request could not be built."),
    "name_not_found": _("The host name of the provider does not resolve. Check the address."),
    "connect_failed": _("Nobody answers at the provider's address."),
    "tls_failed": _("The secure connection to the provider could not be agreed (certificate or protocol)."),
    "timed_out": _("The provider did not answer in time."),
    "connection_reset": _("The provider broke the connection off before its answer was whole."),
    "not_http": _("The provider's answer is not valid HTTP."),
    "too_large": _("The provider's answer is too large and was not read."),
    "circuit_open": _("The provider failed several times in a row; it is not asked again for a few seconds."),
    "look_up_unfinished": _("The look-up was not finished: the process that had asked stopped before the answer came."),
    "http_status": _("The provider answered with status %(status)s."),
    "address_missing": _("The provider's address is empty. Enter it in the connection settings."),
    "setting_missing": _("A required setting is empty (%(name)s). Enter it in the chatbot linkage settings."),
    "not_found_answer": _("The provider answered only “not found”, without saying what was not found."),
    "bad_project_answer": _("The provider answered that it does not know or does not accept the project ID."),
    "bad_channel_answer": _("The provider answered that it does not know the channel ID."),
    "provider_error_answer": _("The provider answered with an error of its own."),
    "request_error_answer": _("The provider answered that the request failed."),
    "settings_error_answer": _("The provider answered that the settings are wrong."),
    "redirect_refused": _("The provider answered with a redirect, which is never followed. Enter the final address."),
    "bad_address": _("The provider's address is not a plain http or https address. Correct it in the settings."),
    "bad_method": _("The request's method is not allowed. Use GET, POST, PUT or PATCH."),
    "bad_header_name": _("A request header has a name that is not allowed."),
    "bad_header_value": _("A request header has a value that cannot be sent: only plain ASCII is possible."),
    "body_not_json": _("The request's body is not valid JSON. Nothing was sent."),
    "empty_variable": _("A variable used in the address is empty. Nothing was sent."),
    "unknown_variable": _("The request names a variable that does not exist. Nothing was sent."),
    "unsafe_variable": _("A variable would change where the request goes. Nothing was sent."),
    "variable_in_host": _("A variable may not stand in the host of an address."),
    "fragment_in_url": _("The address must not hold a #."),
    "bad_description": _("The description file of this chat system cannot be read: %(reason)s"),
    "bad_path": _("A path of the response rules is not valid."),
    "path_not_simple": _("A path of the response rules is too general: .. and filters are not allowed."),
    "bad_pattern": _("A pattern of the response rules is not valid."),
    "bad_rule_step": _("Step %(position)s of the incoming rule cannot be read. Correct it and save again."),
    "empty_project_id": _("The project ID is empty. Enter it in the chatbot linkage settings."),
    "empty_channel_id": _("The channel ID is empty. Enter it in the chatbot linkage settings."),
    "unreadable_secret": _("A stored secret cannot be decrypted. Enter it again."),
    # ── what another system sent was not understood; it is kept as it came ──
    "not_json": _("The text is not valid JSON."),
    "not_utf8": _("The text is not UTF-8."),
    "too_deep": _("The JSON is nested too deeply."),
    "duplicate_key": _("A name stands twice in one JSON object."),
    "not_a_number": _("A number is not a finite number."),
    "wrong_type": _("A field has the wrong type or is missing."),
    "bad_time": _("A time cannot be read."),
    "too_long": _("A text is too long."),
    "too_many": _("There are too many entries."),
    "too_many_values": _("The JSON holds too many values."),
    "record_too_large": _(
        "The chat system's record of this chat is larger than 5 MB, so that only its beginning was kept. Shorten the "
        "chat over there, enter a shorter record here, or discard it."
    ),
    "unknown_status": _("The chat system gave this chat a state that its description does not name."),
    "bad_signature": _("The delivery was not accepted."),
    # ── a chat system's listing of completed chats ──
    "chat_system_refuses": _("The chat system refused us (status %(status)s). Check the chat setting's token or key."),
    "call_url_unknown": _("There is nothing at the call URL (status %(status)s). Check it in the chat setting."),
    "chat_system_limits": _("The chat system asks for fewer requests. It is asked again later by itself."),
    "page_expired": _("The chat system has forgotten where the listing was. It is begun again by itself."),
    "page_repeated": _("The chat system gives the same page again and again. It is tried again by itself."),
    "import_failed": _(
        "Renkei could not make an interaction of this chat. The log of the jobs process has the details; retry it "
        "after an update, or repair the record."
    ),
    "run_interrupted": _(
        "The run was interrupted, by a stop, a restart or a fault. The next run went on where it was."
    ),
    "import_too_heavy": _("This chat is too large to be imported in time. Shorten the record, or discard it."),
    "default_agent_gone": _(
        "The default agent this service started with does not exist any more. Choose another one in the chat setting "
        "and restart the service."
    ),
    "business_group_gone": _(
        "The business group this service started with does not exist any more. Choose another one in the chat setting "
        "and restart the service."
    ),
    "service_failed": _(
        "The service ended by a fault inside Renkei and was started again by itself. The log of the jobs process has "
        "the details; if it goes on, tell an administrator."
    ),
    # ── the house itself ──
    # ── who may ──
    "not_found": _(
        "This does not exist, or you may not see it. Check the address, or ask an administrator for the right."
    ),
    "forbidden": _("You do not have the right to do this. Ask an administrator if you need it."),
    "sign_in_required": _("You are not signed in, or your session has ended. Sign in and try again."),
    "sign_in_failed": _("The user name or the password is wrong. Nothing was changed; try again."),
    "sign_in_throttled": _("Too many attempts. Wait %(seconds)s seconds and try again."),
    "first_sign_in_over": _(
        "This first sign-in has been used already or has run out. Sign in, or restart Renkei to get a new one."
    ),
    "confirm_identity": _("This needs your password once more. Enter it to go on."),
    "feature_off": _("This function is switched off in the system settings. Nothing was changed."),
    # ── what a form or an interface refuses ──
    "required": _("This field is required."),
    "text_too_long": _("At most %(limit)s characters are allowed; this has %(length)s."),
    "service_type_fixed": _(
        "“Use API linkage” and “Service type” cannot be changed after creation. Create a new IVR instead."
    ),
    "already_exists": _("An entry with the same value exists already. Choose another one."),
    "changed_meanwhile": _(
        "Somebody else has changed this in the meantime, so nothing was saved. What you typed still stands below, and "
        "beside it what is stored now. Save again to put yours in its place, or cancel to keep theirs."
    ),
    "stored_meanwhile": _("Stored meanwhile: “%(value)s”."),
    "in_use": _("This is still used elsewhere, so it was not deleted. Remove its uses first."),
    "extension_has_calls": _(
        "This agent's calls, settings or cases name this extension, so it stays. To end this person's work here, "
        "disable the account instead."
    ),
    "bad_cursor": _("This place in the list is no longer valid. Start again from the first page."),
    "bad_number": _("This is not a valid telephone number. Enter it like 03-1234-5678 or +81312345678."),
    "emergency_refused": _(
        "This telephone cannot call %(number)s. Use a desk or mobile telephone for emergency calls."
    ),
    # ── chat settings and their services ──
    "chat_system_fixed": _("“SNS type” cannot be changed after creation. Make a new chat setting instead."),
    "sns_number_taken": _(
        "The registration number “%(number)s” belongs to the agent “%(agent)s” already. Chats could not be told apart; "
        "enter another number, or take it away there first."
    ),
    "sns_customer_taken": _(
        "The registration number “%(number)s” belongs to the customer “%(customer)s” already. Enter another number, or "
        "take it away there first."
    ),
    "secrets_for_other_host": _(
        "The address leads to another host than before. Nothing was saved: enter the secrets below anew (or have them "
        "deleted), so that the stored ones are not sent to a host they were not meant for."
    ),
    "setting_of_other_type": _("This SNS setting does not belong to the chosen SNS type. Choose it again."),
    "template_of_other_group": _(
        "This interaction template does not belong to the chosen business group. Choose it again."
    ),
    "no_extension": _(
        "This person has no extension and so is no agent of the contact centre. Give the person an extension and a "
        "business group first."
    ),
    "service_still_wanted": _(
        "The service of this chat setting is started, so nothing was deleted. Stop it in the service management first."
    ),
    "service_not_started": _("The service is stopped, so it cannot run now. Start it first."),
    "setting_disabled": _(
        "“Enabled” is off in the chat setting, so its service is not started. Switch it on, save, and start again."
    ),
    "no_closed_chats": _("This chat system cannot be asked for closed chats. Choose another SNS type."),
    "unknown_item": _("Interactions have no item “%(item)s”. Nothing was saved."),
    "unknown_item_variable": _(
        "There is no variable {{%(variable)s}}. Nothing was saved; insert variables with the buttons."
    ),
    "item_too_long": _("An item is too long (at most %(most)s characters). Nothing was saved; shorten it."),
    # ── merging customers ──
    "merge_with_itself": _("This is one and the same customer. Choose another one to merge with."),
    "merged_already": _(
        "One of these customers has been merged into another one already. Nothing was changed; go on from the customer "
        "that remained."
    ),
    "merge_changed_meanwhile": _(
        "One of the two customers was changed in the meantime. Nothing was merged; look at the values below again and "
        "confirm once more."
    ),
    "unknown_choice": _("This choice does not exist. Nothing was changed; choose again."),
    "merged_away": _(
        "This customer was merged into another one, so nothing was changed. Change the customer that remained, or take "
        "the merge back first."
    ),
    "merge_undone_already": _("This merge has been taken back already. Nothing was changed."),
    "undo_later_merge_first": _(
        "The remaining customer of this merge was itself merged into another one later. Take that merge back first; "
        "then this one can be taken back too."
    ),
    # ── a desk ──
    "no_agent": _("This account is no agent, so it takes no calls. Ask an administrator for an extension."),
    # ── a program that asks us ──
    "database_away": _(
        "The database cannot be reached at the moment. Nothing was changed; try again in a few seconds."
    ),
    "chat_setting_disabled": _("The chat setting is disabled. Enable it, and send this again later."),
    "api_key_required": _("A valid API key is missing. Send it as “Authorization: Bearer <key>”."),
    "too_many_requests": _("Too many requests. Wait %(seconds)s seconds and try again."),
    "unknown_connector": _("There is no chat system of this name, or it does not push to us."),
    "foreign_project": _("The signing key does not belong to this project and channel. Nothing was taken over."),
    "unknown_ivr": _("There is no chatbot-linkage IVR of this number. Check it in the IVR list."),
    "call_id_taken": _(
        "This call_id belongs to a call from another number. Nothing was changed; ask with an id of its own for each "
        "call."
    ),
    "field_missing": _("The field “%(field)s” is missing."),
    "bad_field": _("The field “%(field)s” cannot be read."),
    "arrived_in_future": _("The time of arrival lies in the future. Check the clock of the calling system."),
    "bad_moment": _("Enter a date and time like 2025/01/31 09:05; a period may end at 24:00."),
    "built_in": _("This ships with the product and cannot be changed."),
    "bad_zone": _("This time zone is not known. Enter it like Asia/Tokyo."),
    "out_of_range": _("A value is outside its limits. Nothing was saved; correct it and try again."),
    "group_missing": _("An extension needs a business group. Enter one."),
    "last_administrator": _("Nobody could administer this installation any more. Make another administrator first."),
    "one_entry": _("A telephone number needs exactly one place where calls go: an IVR or an incoming rule."),
    "rule_missing": _("Choose the incoming rule."),
    "destination_missing": _("Choose the destination of the transfer."),
    # ── a call ──
    "bad_presence": _("This status does not exist. Choose one from the list."),
    "field_keys_missing": _(
        "The key that protects stored secrets is missing. Set RENKEI_FIELD_KEYS and start again; stored secrets "
        "stay as they are."
    ),
    "call_gone": _("The call is already over."),
    "line_lost": _(
        "The telephone system cannot be reached at the moment. A conversation under way goes on; try again shortly."
    ),
    "call_not_over": _("The call is still going on. Hang up first, then finish the after-call work."),
    "bad_command": _("This cannot be asked of a call. Load the page again."),
    "not_ringing": _("This call is not ringing for you any more. Somebody else took it, or the caller hung up."),
    "not_your_call": _("You are not connected with this call, so nothing was done."),
    "answer_on_phone": _("Answer or decline on your telephone. This button works on the simulated line only."),
    "rule_empty": _("An incoming rule needs at least one step. Add one."),
    "rule_too_long": _("An incoming rule has at most %(most)s steps. Remove one first."),
    "step_after_end": _(
        "No call comes to step %(position)s, because an earlier step ends the call. Move it up or remove it."
    ),
    "rule_rings_nobody": _(
        "The rule rings only agents who do not exist any more, so the telephone system cannot run it alone. "
        "Choose agents again."
    ),
    "no_look_up": _("This chat system cannot be asked by telephone number. Choose another service type."),
    "connector_failed": _("The connection to the chat system failed inside Renkei. The log has the details."),
    "worker_gone": _(
        "The process that serves this call does not answer. The call goes on; try again in a few seconds."
    ),
}
