-- The rate limit, exact for any number of processes and across crashes (hence not an unlogged table, which is
-- empty after one).

CREATE TABLE rate_limit_buckets (
    -- What the bucket belongs to: 1 server, 2 token, 3 IPv4 address, 4 IPv6 network.
    kind  smallint NOT NULL,
    key   bigint NOT NULL,
    -- The times of the newest admissions, oldest first, in microseconds since the Unix epoch.
    times bigint[] NOT NULL CHECK (cardinality(times) BETWEEN 1 AND 10000),
    -- The newest of them, apart, so that looking for idle buckets need not read the rings.
    last  bigint NOT NULL,
    PRIMARY KEY (kind, key)
-- Every admission rewrites a row without touching an index, in place as long as its page has room.
) WITH (fillfactor = 50);

-- Takes one request out of a bucket and says what was decided. It decides as `hush_domain::limits::Ring` does:
-- admitted unless the newest `requests` admissions are all inside the window, which is half-open: an
-- admission exactly `window_micros` ago has left it.
--
-- The first look takes no lock, and a refusal ends there: it writes nothing. Only who may be admitted locks the
-- row and looks again. The time is read after the lock, so that admissions stand in the ring in their order, and
-- never before the newest of them, so that a clock that goes back admits nobody too early. `test_now` takes the
-- place of the clock in tests; it is null otherwise.
CREATE FUNCTION take_from_rate_limit_bucket(
    bucket_kind smallint,
    bucket_key bigint,
    requests integer,
    window_micros bigint,
    test_now bigint,
    OUT admitted boolean,
    OUT remaining integer,
    OUT more_in_micros bigint
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    locked boolean := false;
    ring bigint[];
    newest bigint;
    instant bigint;
    passed integer;
BEGIN
    LOOP
        IF locked THEN
            SELECT times, last INTO ring, newest FROM rate_limit_buckets
            WHERE kind = bucket_kind AND key = bucket_key FOR UPDATE;
        ELSE
            SELECT times, last INTO ring, newest FROM rate_limit_buckets
            WHERE kind = bucket_kind AND key = bucket_key;
        END IF;
        IF NOT FOUND THEN
            ring := '{}';
            newest := NULL;
        END IF;

        instant := greatest(
            newest,
            coalesce(test_now, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        );
        -- How many admissions have left the window, or stand before those that the limit looks at.
        passed := greatest(
            width_bucket(instant - window_micros, ring),
            cardinality(ring) - requests
        );
        admitted := cardinality(ring) - passed < requests;
        remaining := greatest(requests - (cardinality(ring) - passed) - 1, 0);
        more_in_micros := coalesce(ring[passed + 1], instant) + window_micros - instant;

        IF NOT admitted THEN
            RETURN;
        ELSIF newest IS NULL THEN
            INSERT INTO rate_limit_buckets (kind, key, times, last)
            VALUES (bucket_kind, bucket_key, ARRAY[instant], instant)
            ON CONFLICT DO NOTHING;
            -- Somebody else may have made the row first.
            EXIT WHEN FOUND;
        ELSIF locked THEN
            UPDATE rate_limit_buckets
            SET times = ring[greatest(cardinality(ring) - requests + 2, 1):] || instant, last = instant
            WHERE kind = bucket_kind AND key = bucket_key;
            RETURN;
        END IF;
        -- The row may be gone when it is looked for again: idle ones are swept.
        locked := true;
    END LOOP;
END
$$;
