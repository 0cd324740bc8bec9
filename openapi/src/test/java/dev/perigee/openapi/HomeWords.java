package dev.perigee.openapi;

import static dev.perigee.web.Role.ADMIN;
import static dev.perigee.web.Role.CLIENT;
import static dev.perigee.web.Role.EDGE;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeCounters;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.model.EdgeNode;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.EligibilityRequest;
import dev.perigee.model.EligibleEdge;
import dev.perigee.model.HomeNode;
import dev.perigee.model.InvalidationRequest;
import dev.perigee.model.InvalidationResult;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.PruneResult;
import dev.perigee.model.SlotState;
import dev.perigee.model.StatementAnswer;
import dev.perigee.model.StatementRequest;
import dev.perigee.openapi.Words.Answer;
import dev.perigee.web.WireJson;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Home's operations. */
final class HomeWords {

    private static final String EPOCH = "7571836493216354305.1.814236119";
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30.123Z");
    private static final EdgeStats STATS = new EdgeStats(12_345, 67, 8, 420, 1_048_576L, 268_435_456L, 812L);
    private static final Capacity CAPACITY = new Capacity(2.0, 512, null, "eu-west");

    private static final String EVENTS = """
            event: hello
            data: {"generation":1764238531000,"epoch":"%1$s","home_id":"home-1","resumed_from":null,"heartbeat_ms":1000,"window":64}

            event: reset
            id: %1$s:28435456
            data: {"up_to_version":28435456,"reason":"new"}

            event: invalidate
            id: %1$s:28436000
            data: {"up_to_version":28436000,"tables":["public.users"],"committed_at":"2026-11-21T10:15:30.123Z"}

            event: bookmark
            id: %1$s:28436000
            data: {"up_to_version":28436000,"visible_version":28436000,"as_of":"2026-11-21T10:15:31Z"}

            """.formatted(EPOCH);

    private HomeWords() {}

    static Map<String, Words> all() {
        Map<String, Words> all = new LinkedHashMap<>(SqlWords.at(CLIENT, EDGE));
        all.get("POST /api/query")
                .parameter(
                        "read_before",
                        "Whether to say of a read also what can not be in its result: that takes another round trip.",
                        false);
        stream(all);
        edges(all);
        database(all);
        all.putAll(ConsoleWords.all());
        return all;
    }

    private static void stream(Map<String, Words> all) {
        all.put(
                "POST /api/edge/register",
                opening(Words.of("Stream", "register", "Opens the stream of invalidations", EDGE)
                        .says("""
                                Server-Sent Events that do not end by themselves. The first is `hello`, with the generation that \
                                acknowledgements name; then `reset` or, if `Last-Event-ID` could be resumed, what has happened since; \
                                `invalidate` for changes; `bookmark` at least every heartbeat: only it says that nothing below its \
                                version is still to come; `eligibility` when an operator has decided; `goodbye` before home closes on \
                                purpose. The `id` of an event is `epoch:version`. A newer stream of the same edge ends the older one. \
                                An edge that does not acknowledge is pruned.""")
                        .takes("everyTable", new EdgeRegistration("edge-eu-1", "eu-west", "https://edge-eu-1.example"))
                        .takes(
                                "someTables",
                                new EdgeRegistration(
                                        "edge-eu-1",
                                        "eu-west",
                                        "https://edge-eu-1.example",
                                        List.of("public.orders", "sales.*")))));
        all.put(
                "GET /api/edge/subscribe",
                opening(Words.of("Stream", "subscribe", "Opens the same stream for clients that can only GET", EDGE)
                        .says("As `POST /api/edge/register`, for instance from a browser's `EventSource`.")
                        .parameter("edge_id", "The edge's name, unique in the fleet.", "edge-eu-1")
                        .parameter("region", "Where it stands.", "eu-west")
                        .parameter("base_url", "Where its clients reach it.", "https://edge-eu-1.example")
                        .fails(ProblemCode.INVALID_REQUEST)));
        all.put(
                "POST /api/edge/{id}/ack",
                Words.of("Stream", "acknowledge", "Acknowledges every event up to a version", EDGE)
                        .says("Cumulative, and the only proof that the edge lives.")
                        .parameter("id", "The edge.", "edge-eu-1")
                        .takes(
                                "withStatistics",
                                new Acknowledgement(1_764_238_531_000L, 28_436_000, STATS, EPOCH, List.of(480, 12)))
                        .answers(
                                200,
                                "What it takes to tell how stale the edge is.",
                                new AcknowledgementAnswer(28_436_000, 412, null, 12))
                        .fails(ProblemCode.EDGE_ID_MISMATCH, ProblemCode.EDGE_UNKNOWN, ProblemCode.GENERATION_FENCED));
        all.put(
                "GET /api/edge/tunnel",
                Words.of("Stream", "tunnel", "Opens a tunnel to the database", EDGE)
                        .says("""
                                A WebSocket (RFC 6455, version 13) whose binary messages carry PostgreSQL's protocol between a session \
                                at an edge and the database. Authentication happens inside it, between the session and the database. \
                                Home pings an idle tunnel. The handshake is answered only once the database is connected.""")
                        .answer(new Answer(101, "The tunnel stands.", null, null, false, Map.of(), Map.of()))
                        .fails(
                                ProblemCode.INVALID_REQUEST,
                                ProblemCode.TUNNELS_EXHAUSTED,
                                ProblemCode.DATABASE_UNAVAILABLE,
                                ProblemCode.SHUTTING_DOWN));
        all.put(
                "POST /api/statements",
                Words.of("SQL", "askAboutStatement", "Says what may be kept of a statement that runs elsewhere", EDGE)
                        .says(
                                "For sessions of PostgreSQL's own protocol at an edge. The statement is analysed, not run.")
                        .takes(
                                "read",
                                new StatementRequest(
                                        "SELECT name FROM users WHERE id = $1",
                                        "shop",
                                        List.of("pg_catalog", "public")))
                        .answers(
                                200,
                                "Whether its results may be kept, and what they depend on.",
                                new StatementAnswer("cacheable", List.of("public.users"), EPOCH + ":28436000", 10_000L))
                        .fails(ProblemCode.SQL_ERROR, ProblemCode.DATABASE_UNAVAILABLE, ProblemCode.STATEMENT_TIMEOUT));
    }

    /** What both ways to open the stream have in common. */
    private static Words opening(Words words) {
        return words.parameter("Last-Event-ID", "The last `id` received, to resume there.", EPOCH + ":28435456")
                .answer(stream())
                .fails(
                        ProblemCode.EDGE_ID_MISMATCH,
                        ProblemCode.CAPACITY_EXCEEDED,
                        ProblemCode.FEED_UNAVAILABLE,
                        ProblemCode.DATABASE_UNAVAILABLE,
                        ProblemCode.SHUTTING_DOWN);
    }

    private static Answer stream() {
        return new Answer(
                200,
                "The stream.",
                "text/event-stream",
                "StreamEvent",
                false,
                Map.of("beginning", WireJson.mapper().<JsonNode>valueToTree(EVENTS)),
                Map.of());
    }

    private static void edges(Map<String, Words> all) {
        EdgeNode node = new EdgeNode(
                "edge-eu-1",
                "eu-west",
                "https://edge-eu-1.example",
                NOW.minusSeconds(3600),
                NOW,
                1234,
                1_764_238_531_000L,
                28_436_000L,
                0L,
                STATS,
                "home-1",
                null,
                true,
                87.5,
                new EdgeCounters(4321, 17, 0, 0, 2, 1, 0, 0));
        all.put(
                "GET /api/edge",
                Words.of("Edges", "listEdges", "Lists the edges of the fleet", ADMIN)
                        .answers(200, "Every edge that a home holds.", List.of(node))
                        .fails(ProblemCode.DATABASE_UNAVAILABLE));
        all.put(
                "GET /api/edge/{id}",
                Words.of("Edges", "getEdge", "Shows one edge", ADMIN)
                        .parameter("id", "The edge.", "edge-eu-1")
                        .answers(200, "The edge.", node)
                        .fails(ProblemCode.EDGE_UNKNOWN, ProblemCode.DATABASE_UNAVAILABLE));
        all.put(
                "GET /api/edge/{id}/stats",
                Words.of("Edges", "getEdgeStatistics", "Shows what an edge last reported of itself", ADMIN)
                        .parameter("id", "The edge.", "edge-eu-1")
                        .answers(200, "Its statistics.", STATS)
                        .fails(ProblemCode.EDGE_UNKNOWN, ProblemCode.DATABASE_UNAVAILABLE));
        all.put(
                "DELETE /api/edge/{id}",
                Words.of("Edges", "evictEdge", "Ends an edge's session", ADMIN)
                        .says(
                                "Wherever in the fleet it is. The edge may register again: to keep it from caching, disable it.")
                        .parameter("id", "The edge.", "edge-eu-1")
                        .answersNothing("It has been told, or will be.")
                        .fails(ProblemCode.EDGE_UNKNOWN, ProblemCode.DATABASE_UNAVAILABLE));
        all.put(
                "POST /api/edge/prune",
                Words.of("Edges", "pruneEdges", "Ends the sessions of edges that have not acknowledged in time", ADMIN)
                        .says("Of this home. It does so by itself; this does it now.")
                        .answers(200, "Who was sent away.", new PruneResult(List.of("edge-us-2"))));
        all.put(
                "POST /api/edge/invalidate",
                Words.of("Edges", "invalidate", "Invalidates tables, or everything, at every edge", ADMIN)
                        .says("Goes through the WAL, so every home of the database hears of it.")
                        .takes("tables", new InvalidationRequest(List.of("public.users"), null))
                        .takes("everything", new InvalidationRequest(null, true))
                        .parameter("await", "`acked`: wait until the edges have acknowledged it.", "acked")
                        .parameter("timeout", "How long to wait, at most 60s; 5s if not said.", "5s")
                        .answers(
                                200,
                                "It stands in the log.",
                                new InvalidationResult(
                                        28_436_512,
                                        List.of("public.users"),
                                        1,
                                        0,
                                        List.of(new InvalidationResult.Confirmation("edge-eu-1", true))))
                        .fails(
                                ProblemCode.TABLE_UNKNOWN,
                                ProblemCode.FEED_UNAVAILABLE,
                                ProblemCode.DATABASE_UNAVAILABLE));
        EdgeEligibility eligibility = new EdgeEligibility("edge-eu-1", true, CAPACITY, 3, NOW);
        all.put(
                "PUT /api/edge/{id}/cache",
                Words.of("Edges", "enableEdge", "Lets an edge cache, and says what it has to work with", ADMIN)
                        .says("Holds whether the edge is connected or not, and until something else is said.")
                        .parameter("id", "The edge.", "edge-eu-1")
                        .takes("capacity", new EligibilityRequest(CAPACITY))
                        .takes("nothingSaid", new EligibilityRequest(null))
                        .answers(200, "It had been said before; now this holds.", eligibility)
                        .answers(201, "It is said for the first time.", eligibility)
                        .fails(ProblemCode.DATABASE_UNAVAILABLE));
        all.put(
                "DELETE /api/edge/{id}/cache",
                Words.of("Edges", "disableEdge", "Keeps an edge from caching", ADMIN)
                        .says("It drops what it has and passes everything through.")
                        .parameter("id", "The edge.", "edge-eu-1")
                        .answersNothing("It may not cache any more.")
                        .fails(ProblemCode.INVALID_REQUEST, ProblemCode.DATABASE_UNAVAILABLE));
        all.put(
                "GET /api/edge/{id}/cache",
                Words.of("Edges", "getEligibility", "Shows what was said about an edge's cache", ADMIN)
                        .parameter("id", "The edge.", "edge-eu-1")
                        .answers(200, "The operator's choice.", eligibility)
                        .fails(ProblemCode.ELIGIBILITY_UNKNOWN, ProblemCode.DATABASE_UNAVAILABLE));
        all.put(
                "GET /api/edge/eligible",
                Words.of("Edges", "listEligibleEdges", "Lists the edges that reads may be sent to", ADMIN, CLIENT)
                        .says("For routers and load balancers: those in step first, then the least loaded.")
                        .parameter("geo", "Only those whose capacity has this geo.", "eu-west")
                        .answers(
                                200,
                                "The edges.",
                                List.of(new EligibleEdge(
                                        "edge-eu-1",
                                        "eu-west",
                                        "https://edge-eu-1.example",
                                        CAPACITY,
                                        "home-1",
                                        true,
                                        812L,
                                        87.5,
                                        0.004)))
                        .fails(ProblemCode.DATABASE_UNAVAILABLE));
    }

    private static void database(Map<String, Words> all) {
        all.put(
                "GET /api/home",
                Words.of("Database", "listHomes", "Lists the homes of the database", ADMIN)
                        .answers(
                                200,
                                "The homes.",
                                List.of(new HomeNode(
                                        "home-1",
                                        NOW.minusSeconds(86_400),
                                        NOW,
                                        true,
                                        EPOCH,
                                        28_436_000L,
                                        28_436_000L,
                                        412L,
                                        new SlotState("perigee_home_1", true, false, true, "reserved", 1_048_576L),
                                        2)))
                        .fails(ProblemCode.DATABASE_UNAVAILABLE));
        all.put(
                "GET /api/tables",
                Words.of("Database", "listTables", "Says of every table whether its changes are seen", ADMIN)
                        .says(
                                "And if not why, with the SQL that mends it. Results of tables that are not published are not kept.")
                        .answer(new Answer(
                                200,
                                "The tables.",
                                "application/json",
                                "Tables",
                                false,
                                Map.of("example", Words.json("""
                                                {"tables":[
                                                  {"name":"public.users","kind":"table","published":true,"replica_identity":"default",
                                                   "reason":null,"statement":null},
                                                  {"name":"public.visits","kind":"table","published":false,"replica_identity":"default",
                                                   "reason":"no-replica-identity",
                                                   "statement":"ALTER TABLE public.visits REPLICA IDENTITY FULL"}]}""")),
                                Map.of()))
                        .fails(ProblemCode.DATABASE_UNAVAILABLE));
    }
}
