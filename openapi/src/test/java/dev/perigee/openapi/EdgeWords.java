package dev.perigee.openapi;

import static dev.perigee.web.Role.ADMIN;
import static dev.perigee.web.Role.CLIENT;

import dev.perigee.model.ProblemCode;
import dev.perigee.openapi.Words.Answer;
import java.util.LinkedHashMap;
import java.util.Map;

/** An edge's operations. */
final class EdgeWords {

    private EdgeWords() {}

    static Map<String, Words> all() {
        Map<String, Words> all = new LinkedHashMap<>(SqlWords.at(CLIENT));
        sql(all);
        all.put(
                "GET /api/cache",
                Words.of("Cache", "getCache", "Shows the cache, the fence and the link", ADMIN)
                        .answer(example("CacheReport", false, """
                                {"stats":{"hits":12345,"misses":67,"bypasses":8,"entries":420,"bytes":1048576,
                                          "max_bytes":268435456,"staleness_ms":812},
                                 "refused":0,"swept":12,"statements":37,
                                 "watermarks":{"epoch":"7571836493216354305.1.814236119","all_tables":28435456,"tables":3,
                                               "latest":[{"table":"public.users","version":28436000}]},
                                 "link":{"status":"streaming","home_url":"https://home.example","home_id":"home-1",
                                         "generation":1764238531000,"cursor":"7571836493216354305.1.814236119:28436000",
                                         "complete_to":"7571836493216354305.1.814236119:28436000","staleness_ms":812,
                                         "eligibility":{"enabled":true,"capacity":{"cpu_cores":2.0,"ram_mib":512,
                                                        "disk_mib":null,"geo":"eu-west"}},
                                         "last_error":null},
                                 "consistency":{"checked":1200,"violations":0,"inconclusive":{"changed":3},"nines":2.6,
                                                "shown":"at least 99.75 % of hits are right"}}""")));
        all.put(
                "DELETE /api/cache",
                Words.of("Cache", "purgeCache", "Empties the cache, or drops the results of a table", ADMIN)
                        .says("Of this edge alone. `POST /api/edge/invalidate` at home concerns them all.")
                        .parameter(
                                "table",
                                "The qualified name of a table; everything is dropped without it.",
                                "public.users")
                        .answersNothing("They are gone.")
                        .fails(ProblemCode.INVALID_REQUEST));
        all.put(
                "GET /api/cache/entries",
                Words.of("Cache", "listEntries", "Lists the largest results, or those with the most hits", ADMIN)
                        .parameter("limit", "How many, 1 to 1000.", 20)
                        .parameter("sort", "`size` or `hits`.", "hits")
                        .answer(example("Entry", true, """
                                [{"sql":"SELECT name, price FROM shop.products WHERE id = $1","params":1,
                                  "tables":["shop.products"],"version":"7571836493216354305.1.814236119:28436000","age_ms":1234,
                                  "ttl_left_ms":58766,"bytes":512,"hits":99,"current":true}]"""))
                        .fails(ProblemCode.INVALID_REQUEST));
        return all;
    }

    private static void sql(Map<String, Words> all) {
        all.values()
                .forEach(words -> words.fails(
                        ProblemCode.HOME_UNREACHABLE, ProblemCode.HOME_ANSWER_INVALID, ProblemCode.HOME_TIMEOUT));
        Words query = all.get("POST /api/query");
        query.says(query.description + " A read comes from memory where that is allowed; `Cache-Status` says why not.")
                .parameter(
                        "Cache-Control",
                        "`max-age=N`: at most N seconds stale. `no-cache`: ask home. `no-store`: do not keep what home answers."
                                + " `only-if-cached`: from memory, or 504. `stale-if-error=N`: if home cannot be reached, up to N"
                                + " seconds stale is fine.",
                        "max-age=1")
                .fails(ProblemCode.TOO_STALE, ProblemCode.NOT_CACHED);
        Map<String, String> more = new LinkedHashMap<>(query.answers.get(0).headers());
        more.put("Cache-Status", "RFC 9211: `hit`, or `fwd=` and why in `detail`.");
        more.put("Age", "Seconds since the result was last known to be current.");
        more.put("Perigee-As-Of", "The moment up to which the result is known to be current, RFC 3339.");
        Answer plain = query.answers.remove(0);
        query.answer(new Answer(
                plain.status(),
                plain.description(),
                plain.mediaType(),
                plain.schema(),
                plain.list(),
                plain.examples(),
                more));
    }

    private static Answer example(String schema, boolean list, String json) {
        return new Answer(
                200, "As it is now.", "application/json", schema, list, Map.of("example", Words.json(json)), Map.of());
    }
}
