package dev.perigee.openapi;

import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.TransactionRequest;
import dev.perigee.openapi.Words.Answer;
import dev.perigee.web.Role;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The query API, which home and edges have in common. */
final class SqlWords {

    private static final String VERSION = "7571836493216354305.1.814236119:28436000";

    private SqlWords() {}

    static Map<String, Words> at(Role... roles) {
        Map<String, Words> all = new LinkedHashMap<>();
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(
                PerigeeHeaders.VERSION,
                "`epoch:version`: everything at or below it is in the result of a read; of a write, the version that includes it.");
        headers.put(PerigeeHeaders.CACHEABILITY, "`cacheable`, or the reason why edges may not keep the result.");
        headers.put(PerigeeHeaders.TABLES, "The tables that a cacheable result depends on, percent-encoded.");
        QueryRequest read = new QueryRequest("SELECT name, price FROM shop.products WHERE id = $1", List.of(1));
        QueryRequest write = new QueryRequest("UPDATE shop.products SET price = $2 WHERE id = $1", List.of(1, 99.5));
        all.put(
                "POST /api/query",
                failing(Words.of("SQL", "query", "Runs one statement", roles)
                        .says("""
                                Parameters are JSON values; the server infers their types. Values come back as PostgreSQL's own \
                                `to_json` writes them.""")
                        .takes("read", read)
                        .takes("write", write)
                        .answer(new Answer(
                                200,
                                "The result.",
                                "application/json",
                                "Result",
                                false,
                                Map.of("read", Words.json("""
                                                {"columns":[{"name":"name","type":"text"},{"name":"price","type":"numeric"}],
                                                 "rows":[["Product 1",99.90]]}"""), "write", Words.json("{\"row_count\":1}")),
                                headers))));
        all.put(
                "POST /api/transaction",
                failing(Words.of("SQL", "transaction", "Runs statements in one transaction: all, or nothing", roles)
                        .says(
                                "Never answered from memory. A failure names the statement, counted from 0, in `statement`.")
                        .takes("two", new TransactionRequest(List.of(write, read)))
                        .answer(new Answer(
                                200,
                                "The results, in the order of the statements.",
                                "application/json",
                                "Results",
                                false,
                                Map.of("two", Words.json("""
                                                {"results":[{"row_count":1},{"columns":[{"name":"name","type":"text"},
                                                 {"name":"price","type":"numeric"}],"rows":[["Product 1",99.5]]}]}""")),
                                headers))));
        return all;
    }

    private static Words failing(Words words) {
        return words.parameter(
                        PerigeeHeaders.MIN_VERSION,
                        "The answer must include this version (read your writes): a former answer's `Perigee-Version`.",
                        VERSION)
                .fails(
                        ProblemCode.CONFLICT,
                        ProblemCode.CONSTRAINT_VIOLATION,
                        ProblemCode.SQL_ERROR,
                        ProblemCode.STATEMENT_REFUSED,
                        ProblemCode.VERSION_UNKNOWN,
                        ProblemCode.RESULT_TOO_LARGE,
                        ProblemCode.OUTCOME_UNKNOWN,
                        ProblemCode.DATABASE_UNAVAILABLE,
                        ProblemCode.STATEMENT_TIMEOUT);
    }
}
