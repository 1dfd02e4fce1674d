"""The SQL that migrations need beside tables, kept readable: the announcing function and the guarding triggers."""

ANNOUNCE = """
CREATE FUNCTION announce(agents bigint[], what text, ids jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  told bigint[];
BEGIN
  -- Heads are made and locked in the order of their agents, so that two announcing transactions cannot deadlock.
  INSERT INTO renkei_streamhead (agent_id, number)
    SELECT DISTINCT a, 0 FROM unnest(agents) AS a ORDER BY a
    ON CONFLICT DO NOTHING;
  PERFORM 1 FROM renkei_streamhead WHERE agent_id = ANY(agents) ORDER BY agent_id FOR UPDATE;
  WITH raised AS (
    UPDATE renkei_streamhead SET number = number + 1 WHERE agent_id = ANY(agents) RETURNING agent_id, number
  ), stored AS (
    INSERT INTO renkei_streamevent (agent_id, number, kind, refs, at)
      SELECT agent_id, number, what, ids, clock_timestamp() FROM raised
      RETURNING agent_id
  )
  SELECT array_agg(agent_id) INTO told FROM stored;
  IF told IS NOT NULL THEN
    -- A payload may have 8000 bytes; a crowd is told "look at all of yours".
    PERFORM pg_notify(
      'renkei_stream', CASE WHEN cardinality(told) > 300 THEN '*' ELSE array_to_string(told, ',') END
    );
  END IF;
END $$
"""
ANNOUNCE_BACK = "DROP FUNCTION announce(bigint[], text, jsonb)"

IVR_KIND_FIXED = """
CREATE FUNCTION ivr_kind_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.use_api IS DISTINCT FROM OLD.use_api OR NEW.service_type IS DISTINCT FROM OLD.service_type THEN
    RAISE EXCEPTION 'ivr_kind_is_fixed' USING ERRCODE = 'check_violation', CONSTRAINT = 'ivr_kind_is_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ivr_kind_is_fixed BEFORE UPDATE ON renkei_ivr
  FOR EACH ROW EXECUTE FUNCTION ivr_kind_is_fixed();
"""
IVR_KIND_FIXED_BACK = "DROP TRIGGER ivr_kind_is_fixed ON renkei_ivr; DROP FUNCTION ivr_kind_is_fixed()"

AUDIT_APPEND_ONLY = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Only the owner's purge may take rows away; nobody may change one.
  IF TG_OP = 'DELETE' AND current_setting('renkei.purging', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit_is_append_only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON renkei_auditentry
  FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
"""
AUDIT_APPEND_ONLY_BACK = "DROP TRIGGER audit_is_append_only ON renkei_auditentry; DROP FUNCTION audit_is_append_only()"

SETTINGS_TABLES = (
    "installation",
    "phonenumber",
    "ivr",
    "chatbotlinkage",
    "responsebranch",
    "incomingrule",
    "guidance",
    "businesslabel",
    "agent",
)

TELL_SETTINGS = """
CREATE FUNCTION tell_settings_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('renkei_settings', TG_TABLE_NAME);
  RETURN NULL;
END $$;
""" + "".join(
    f"""
CREATE TRIGGER tell_settings_changed AFTER INSERT OR UPDATE OR DELETE ON renkei_{table}
  FOR EACH STATEMENT EXECUTE FUNCTION tell_settings_changed();
"""
    for table in SETTINGS_TABLES
)
TELL_SETTINGS_BACK = (
    "".join(f"DROP TRIGGER tell_settings_changed ON renkei_{table};" for table in SETTINGS_TABLES)
    + "DROP FUNCTION tell_settings_changed()"
)

CHAT_SYSTEM_FIXED = """
CREATE FUNCTION chat_system_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.connector IS DISTINCT FROM OLD.connector THEN
    RAISE EXCEPTION 'chat_system_is_fixed' USING ERRCODE = 'check_violation', CONSTRAINT = 'chat_system_is_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER chat_system_is_fixed BEFORE UPDATE ON renkei_chatsetting
  FOR EACH ROW EXECUTE FUNCTION chat_system_is_fixed();
"""
CHAT_SYSTEM_FIXED_BACK = "DROP TRIGGER chat_system_is_fixed ON renkei_chatsetting; DROP FUNCTION chat_system_is_fixed()"

MERGES_FLAT = """
CREATE FUNCTION merges_are_flat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.merged_into_id IS NOT DISTINCT FROM OLD.merged_into_id THEN
    RETURN NEW;
  END IF;
  -- The lock lets two merges that meet wait for each other; whoever comes second sees what the first has done.
  PERFORM 1 FROM renkei_customer WHERE id = NEW.merged_into_id FOR SHARE;
  IF EXISTS (SELECT FROM renkei_customer WHERE id = NEW.merged_into_id AND merged_into_id > 0)
      OR EXISTS (SELECT FROM renkei_customer WHERE merged_into_id = NEW.id) THEN
    RAISE EXCEPTION 'merges_are_flat' USING ERRCODE = 'check_violation', CONSTRAINT = 'merges_are_flat';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER merges_are_flat BEFORE INSERT OR UPDATE OF merged_into_id ON renkei_customer
  FOR EACH ROW WHEN (NEW.merged_into_id > 0) EXECUTE FUNCTION merges_are_flat();
"""
"""``merged_into`` points at the last survivor, never at somebody merged themselves: one step leads to the root, and
there can be no circle (B4)."""
MERGES_FLAT_BACK = "DROP TRIGGER merges_are_flat ON renkei_customer; DROP FUNCTION merges_are_flat()"

INBOX_COUNTED = """
CREATE FUNCTION count_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO renkei_inboxcount (setting_id, pending, done, quarantined)
      SELECT setting_id, count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'done'),
        count(*) FILTER (WHERE state = 'quarantined') FROM came GROUP BY setting_id;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO renkei_inboxcount (setting_id, pending, done, quarantined)
      SELECT setting_id, -count(*) FILTER (WHERE state = 'pending'), -count(*) FILTER (WHERE state = 'done'),
        -count(*) FILTER (WHERE state = 'quarantined') FROM went GROUP BY setting_id;
  ELSE
    INSERT INTO renkei_inboxcount (setting_id, pending, done, quarantined)
      SELECT setting_id, coalesce(sum(moved) FILTER (WHERE state = 'pending'), 0),
        coalesce(sum(moved) FILTER (WHERE state = 'done'), 0),
        coalesce(sum(moved) FILTER (WHERE state = 'quarantined'), 0)
      FROM (
        SELECT setting_id, state, sum(moved) AS moved
        FROM (SELECT setting_id, state, 1 AS moved FROM came
          UNION ALL SELECT setting_id, state, -1 FROM went) every
        GROUP BY setting_id, state
      ) counted
      GROUP BY setting_id HAVING bool_or(moved <> 0);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER count_inbox_came AFTER INSERT ON renkei_inboxitem REFERENCING NEW TABLE AS came
  FOR EACH STATEMENT EXECUTE FUNCTION count_inbox();
CREATE TRIGGER count_inbox_moved AFTER UPDATE ON renkei_inboxitem REFERENCING OLD TABLE AS went NEW TABLE AS came
  FOR EACH STATEMENT EXECUTE FUNCTION count_inbox();
CREATE TRIGGER count_inbox_went AFTER DELETE ON renkei_inboxitem REFERENCING OLD TABLE AS went
  FOR EACH STATEMENT EXECUTE FUNCTION count_inbox();
INSERT INTO renkei_inboxcount (setting_id, pending, done, quarantined)
  SELECT setting_id, count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'done'),
    count(*) FILTER (WHERE state = 'quarantined') FROM renkei_inboxitem GROUP BY setting_id;
"""
"""Each statement that moves items adds what it changed, in a row of its own: a counter that all of them changed would
make pushes wait for a batch. The sum of a setting's rows is what its inbox holds; each run folds them into one."""
INBOX_COUNTED_BACK = """
DROP TRIGGER count_inbox_came ON renkei_inboxitem; DROP TRIGGER count_inbox_moved ON renkei_inboxitem;
DROP TRIGGER count_inbox_went ON renkei_inboxitem; DROP FUNCTION count_inbox();
"""

SEARCH_GRAMS = """
CREATE FUNCTION search_grams(number text, raw text, name text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  grams text[] := '{}';
  words text;
BEGIN
  FOREACH words IN ARRAY ARRAY[number, lower(raw)] LOOP
    FOR place IN 1 .. COALESCE(length(words), 0) - 2 LOOP
      grams := grams || substr(words, place, 3);
    END LOOP;
  END LOOP;
  words := lower(name);
  FOR place IN 1 .. COALESCE(length(words), 0) - 1 LOOP
    grams := grams || substr(words, place, 2);
  END LOOP;
  RETURN grams;
END $$
"""
"""Numbers in overlapping threes, the name in twos: domain/search_words.py cuts what is searched alike. The index of the
calls stands on it, so a change of it needs a new name and a new index."""
SEARCH_GRAMS_BACK = "DROP FUNCTION search_grams(text, text, text)"
