package dev.perigee.openapi;

import static dev.perigee.web.Role.ADMIN;
import static dev.perigee.web.Role.EDGE;

import dev.perigee.model.EdgeReport;
import dev.perigee.model.ProblemCode;
import dev.perigee.openapi.Words.Answer;
import dev.perigee.web.WireJson;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Home's operations that its console is made of. */
final class ConsoleWords {

    private static final String EVENTS = """
            event: state
            data: {"home_id":"home-1","edges":[],"homes":[]}

            event: invalidations
            data: {"epoch":"7571836493216354305.1.814236119","skipped":0,"records":[{"version":28436000,"tables":["public.users"],"table_count":1,"committed_at":"2026-11-21T10:15:30.123Z"}]}

            """;

    private ConsoleWords() {}

    static Map<String, Words> all() {
        EdgeReport report = new EdgeReport(
                1_764_238_531_000L,
                List.of(new EdgeReport.Entry(
                        "SELECT name FROM users WHERE id = $1",
                        1,
                        List.of("public.users"),
                        812,
                        59_188,
                        612,
                        42,
                        true)),
                List.of(new EdgeReport.Statement(
                        "SELECT name FROM users WHERE id = $1", List.of("public.users"), 4321, 17)),
                Map.of("absent", 67L),
                Map.of("write", 8L),
                false);
        return Map.of(
                "GET /api/console/stream",
                Words.of("Console", "followFleet", "Follows the fleet", ADMIN)
                        .says("""
                                Server-Sent Events for people to look at: `state`, the whole fleet, every second or so; `invalidations`, \
                                the newest records of the log; `goodbye` before it ends. What is read slowly is told less.""")
                        .answer(new Answer(
                                200,
                                "The stream.",
                                "text/event-stream",
                                "ConsoleEvent",
                                false,
                                Map.of("beginning", WireJson.mapper().<JsonNode>valueToTree(EVENTS)),
                                Map.of()))
                        .fails(ProblemCode.CONSOLES_EXHAUSTED),
                "GET /api/console/hits",
                Words.of("Console", "listHits", "Lists the statements answered from memory most often", ADMIN)
                        .says("As the edges of this home have reported them, while somebody looks.")
                        .answer(json("Hits", """
                                {"statements":[{"sql":"SELECT name FROM users WHERE id = $1","tables":["public.users"],
                                 "hits":4321,"entries":17,"edges":2}]}""")),
                "GET /api/console/decisions",
                Words.of("Console", "listDecisions", "Lists what home remembers of statements", ADMIN)
                        .says("Whether results may be kept, and why not; the ones asked about most.")
                        .answer(json("Judgements", """
                                {"statements":[{"sql":"SELECT now()","cacheability":"volatile-function","tables":[],
                                 "search_path":[]}]}""")),
                "GET /api/edge/{id}/report",
                Words.of("Console", "getReport", "Shows what an edge has last reported of its memory", ADMIN)
                        .parameter("id", "The edge.", "edge-eu-1")
                        .answer(json("ReceivedReport", """
                                {"edge_id":"edge-eu-1","received_ago_ms":812,"report":null}""")),
                "POST /api/edge/{id}/report",
                Words.of("Console", "report", "Takes what an edge has in memory, and why it went past it", EDGE)
                        .says("When the answer to an acknowledgement has asked for it.")
                        .parameter("id", "The edge.", "edge-eu-1")
                        .takes("report", report)
                        .answersNothing("It is kept for a while.")
                        .fails(ProblemCode.EDGE_ID_MISMATCH, ProblemCode.EDGE_UNKNOWN, ProblemCode.GENERATION_FENCED));
    }

    private static Answer json(String schema, String example) {
        return new Answer(
                200,
                "What there is.",
                "application/json",
                schema,
                false,
                Map.of("example", Words.json(example)),
                Map.of());
    }
}
