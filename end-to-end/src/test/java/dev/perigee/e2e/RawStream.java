package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.web.WireJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import tools.jackson.databind.JsonNode;

/** A stream from home, read line by line by somebody who never acknowledges anything. */
final class RawStream implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(40);

    /** One event of the stream. */
    record Event(String name, JsonNode data) {}

    private final BufferedReader lines;

    private RawStream(BufferedReader lines) {
        this.lines = lines;
    }

    /**
     * Registers an edge.
     *
     * @throws IOException with the status and the body if home refuses
     */
    static RawStream register(URI home, String id, String token) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = Http.CLIENT.send(
                Http.request(home.resolve("/api/edge/register"), token)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(
                                "{\"edge_id\":\"" + id + "\",\"region\":\"test\",\"base_url\":\"http://127.0.0.1:1\"}"))
                        .build(),
                BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            throw new IOException(
                    response.statusCode() + " " + new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
        }
        assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
        return new RawStream(new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8)));
    }

    /** The next event, whatever it is; a stream that lives has one every heartbeat. */
    Event next() throws IOException {
        String name = null;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("event:")) {
                name = line.substring("event:".length()).strip();
            } else if (line.startsWith("data:") && name != null) {
                return new Event(name, WireJson.mapper().readTree(line.substring("data:".length())));
            }
        }
        throw new IOException("the stream has ended");
    }

    /** The next event of this name; others are passed over. */
    Event next(String name) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() - deadline < 0) {
            Event event = next();
            if (event.name().equals(name)) {
                return event;
            }
        }
        throw new IOException("no event " + name + " within " + PATIENCE);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
