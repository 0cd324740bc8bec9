package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What an edge may say, and be called. */
@Tag("long")
class EdgeAbuseTest extends AbusedFleet {

    @Test
    void acknowledgementsThatAreReplayedOrForgedChangeNothing() throws Exception {
        try (RawStream stream = RawStream.register(fleet.home(), "replayed", Fleet.EDGE)) {
            long generation = stream.next("hello").data().get("generation").asLong();
            long version = stream.next("reset").data().get("up_to_version").asLong();
            URI ack = fleet.home().resolve("/api/edge/replayed/ack");
            for (int i = 0; i < 200; i++) {
                assertThat(Http.post(ack, Fleet.EDGE, ack(generation, version)).status())
                        .isEqualTo(200);
            }
            // Older than what was acknowledged: a sign of life, nothing is taken back.
            assertThat(Http.post(ack, Fleet.EDGE, ack(generation, 1)).status()).isEqualTo(200);
            assertThat(edge("replayed").json().get("acked_version").asLong()).isEqualTo(version);
            assertThat(Http.post(ack, Fleet.EDGE, ack(generation, Long.MAX_VALUE))
                            .code())
                    .isEqualTo("invalid-request");
            for (long forged : new long[] {generation - 1, generation + 1, Long.MAX_VALUE}) {
                assertThat(Http.post(ack, Fleet.EDGE, ack(forged, version)).code())
                        .isEqualTo("generation-fenced");
            }
            for (String wrong : List.of(ack(0, version), ack(-1, version), ack(generation, -1))) {
                assertThat(Http.post(ack, Fleet.EDGE, wrong).code()).isEqualTo("invalid-request");
            }
        }
        // In somebody else's name.
        String state = edge("edge-1").json().get("acked_version").asString();
        assertThat(Http.post(
                                fleet.home().resolve("/api/edge/edge-1/ack"),
                                Fleet.EDGE,
                                ack(1_000_000, Long.parseLong(state)))
                        .code())
                .isEqualTo("generation-fenced");
        assertThat(edge("edge-1").status()).isEqualTo(200);
    }

    private static String ack(long generation, long version) {
        return "{\"generation\":" + generation + ",\"up_to_version\":" + version + "}";
    }

    private static Answer edge(String id) {
        return Http.get(fleet.home().resolve("/api/edge/" + id), Fleet.ADMIN);
    }

    /** It takes a place, and news are kept for it; it never reads them and never says that it has. */
    @Test
    void aStreamThatIsNotReadIsGivenUp() throws SQLException {
        String body = "{\"edge_id\":\"slow\",\"region\":\"test\",\"base_url\":\"http://127.0.0.1:1\"}";
        open(fleet.home())
                .send(head("POST /api/edge/register", Fleet.EDGE, "Content-Length: " + body.length() + "\r\n\r\n")
                        + body);
        await().atMost(PATIENCE).until(() -> edge("slow").status() == 200);
        for (int i = 0; i < 200; i++) {
            postgres.sql("UPDATE fair SET n = n + 1 WHERE id = 1");
        }
        fleet.awaitAtLeast("edge-1", Integer.parseInt(postgres.query(READ)), READ);
        await("its place is free again")
                .atMost(PATIENCE)
                .until(() -> edge("slow").status() == 404);
    }

    @Test
    void edgeIdsAreNamesAndNothingElse() {
        List<String> ids = List.of(
                "<script>alert(1)</script>",
                "a\\r\\nSet-Cookie: a=b",
                "a\\u0000b",
                "\\u001b[2Jcleared",
                "../../api/home",
                "a\\u202etxt.exe",
                "'; DROP TABLE fair; --",
                "x".repeat(65),
                "");
        for (String id : ids) {
            for (String field : List.of("edge_id", "region", "base_url")) {
                String json = "{\"edge_id\":\"ok\",\"region\":\"r\",\"base_url\":\"http://a\"}"
                        .replaceFirst("(\"" + field + "\":)\"[^\"]*\"", "$1\"" + id.replace("\\", "\\\\") + "\"");
                if (field.equals("region") && id.matches("[ -~]{1,64}") && !id.contains("\\")) {
                    // Printable: it is only shown, and always as JSON.
                    continue;
                }
                Answer answer = Http.post(fleet.home().resolve("/api/edge/register"), Fleet.EDGE, json);
                assertThat(answer.status()).as(json).isEqualTo(400);
                assertThat(answer.code()).isEqualTo("invalid-request");
                assertThat(answer.body()).doesNotContain("<script>").doesNotContain("\u001b");
            }
        }
        for (String path : List.of("%3Cscript%3E", "a%0d%0ab", "%00", "%1b%5b2J")) {
            Answer answer = Http.send(Http.request(fleet.home().resolve("/api/edge/" + path), Fleet.ADMIN)
                    .DELETE()
                    .build());
            assertThat(answer.status()).as(path).isBetween(400, 404);
            assertThat(answer.code()).as(path).isNotEmpty();
            Answer put = Http.send(Http.request(fleet.home().resolve("/api/edge/" + path + "/cache"), Fleet.ADMIN)
                    .header("Content-Type", "application/json")
                    .PUT(BodyPublishers.ofString("{}"))
                    .build());
            assertThat(put.status()).as(path).isBetween(400, 404);
            assertThat(put.code()).as(path).isNotEmpty();
        }
        assertThat(fleet.process(Fleet.HOME).log().lines())
                .noneMatch(line -> line.chars().anyMatch(c -> c < ' ' && c != '\t'));
    }
}
