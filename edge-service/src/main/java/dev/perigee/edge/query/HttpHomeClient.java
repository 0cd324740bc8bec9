package dev.perigee.edge.query;

import dev.perigee.edge.link.HomeHttp;
import dev.perigee.edge.link.Homes;
import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.ProblemCode;
import dev.perigee.web.MinVersion;
import dev.perigee.web.ProblemException;
import dev.perigee.web.Spans;
import io.micrometer.common.KeyValues;
import io.netty.handler.timeout.ReadTimeoutException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;

/**
 * Over HTTP: sends statements to the home that has the stream; to the next one if there is no connection, or if the connection is
 * lost under what is known to be a read. A statement that is not known to be one is sent at most once, and when its
 * outcome is not known the error says so. Thread-safe.
 */
final class HttpHomeClient implements HomeClient {

    private final HttpClient http;
    private final Homes homes;
    private final int maxAnswer;
    private final Duration timeout;
    private final Spans spans;

    /** A request on its way, and how far it has come. What is volatile is written by the event loop of a connection. */
    private static final class Errand {
        private final String path;
        private final byte[] body;
        private final @Nullable MinVersion minVersion;
        private final boolean readOnly;
        private final List<String> homes;
        /** What tells home of the trace, if there is one. */
        private final Map<String, String> trace = new HashMap<>();

        private int turn;
        /** To the home whose turn it is. */
        private volatile boolean sent;

        private volatile boolean everSent;
        private volatile long sentAt;

        Errand(String path, byte[] body, @Nullable MinVersion minVersion, boolean readOnly, List<String> homes) {
            this.path = path;
            this.body = body;
            this.minVersion = minVersion;
            this.readOnly = readOnly;
            this.homes = homes;
        }

        String url() {
            return homes.get(turn % homes.size()) + path;
        }

        void sending() {
            sentAt = System.nanoTime();
            sent = true;
            everSent = true;
        }

        /** Takes the next turn, if after this failure there may be one. */
        boolean another(Throwable failure) {
            // A lone home is asked again, once: its connection may just have been one that it had closed before.
            int turns = sent ? Math.max(2, homes.size()) : homes.size();
            boolean harmless = !sent || (readOnly && failure instanceof IOException);
            if (!harmless || turn + 1 >= turns) {
                return false;
            }
            turn++;
            sent = false;
            return true;
        }
    }

    HttpHomeClient(HomeHttp clients, Homes homes, HomeProperties properties, Spans spans) {
        this.homes = homes;
        this.spans = spans;
        this.http = clients.client("perigee-home", properties.maxConnections()).responseTimeout(properties.timeout());
        this.timeout = properties.timeout();
        this.maxAnswer = Math.toIntExact(properties.maxAnswer().toBytes());
    }

    @Override
    public Mono<HomeAnswer> send(String path, byte[] body, @Nullable MinVersion minVersion, boolean readOnly) {
        return Mono.defer(() -> {
            Errand errand = new Errand(path, body, minVersion, readOnly, homes.fromCurrent());
            // The head of the request is made when it is asked, and has to hold what the span puts there.
            Mono<HomeAnswer> answer = Mono.defer(() -> ask(errand));
            return spans.around(
                    "perigee.forward", "POST " + path, "perigee-home", KeyValues.empty(), errand.trace, answer);
        });
    }

    private Mono<HomeAnswer> ask(Errand errand) {
        return http.headers(headers -> {
                    headers.set("Content-Type", "application/json").set("Content-Length", errand.body.length);
                    if (errand.minVersion != null) {
                        headers.set(PerigeeHeaders.MIN_VERSION, errand.minVersion.toString());
                    }
                    errand.trace.forEach(headers::set);
                })
                .post()
                .uri(errand.url())
                .send((request, outbound) -> {
                    errand.sending();
                    return outbound.sendByteArray(Mono.just(errand.body));
                })
                .response((response, content) ->
                        whole(response, content.asByteArray()).timeout(left(errand)))
                .single()
                .onErrorResume(
                        failure -> !(failure instanceof ProblemException),
                        failure -> errand.another(failure) ? ask(errand) : Mono.error(problem(failure, errand)));
    }

    /** The client's own timeout is for the next bytes; this is for the rest of the answer. */
    private Duration left(Errand errand) {
        Duration left = timeout.minusNanos(System.nanoTime() - errand.sentAt);
        return left.isNegative() ? Duration.ZERO : left;
    }

    private Mono<HomeAnswer> whole(HttpClientResponse response, Flux<byte[]> content) {
        int status = response.status().code();
        if (status == 401 || status == 403 || status == 429) {
            return Mono.error(new ProblemException(
                    ProblemCode.HOME_ANSWER_INVALID,
                    "Home refuses this edge's own token (" + status + "): see perigee.auth-token."));
        }
        return content.reduceWith(ByteArrayOutputStream::new, (sum, part) -> {
                    if (sum.size() + part.length > maxAnswer) {
                        throw new ProblemException(
                                ProblemCode.HOME_ANSWER_INVALID,
                                "The statement was run, but home's answer is larger than perigee.edge.home.max-answer.");
                    }
                    sum.writeBytes(part);
                    return sum;
                })
                .map(sum -> new HomeAnswer(status, response.responseHeaders(), sum.toByteArray()));
    }

    private static ProblemException problem(Throwable failure, Errand errand) {
        if (!errand.everSent) {
            return new ProblemException(
                    ProblemCode.HOME_UNREACHABLE,
                    "There is no connection to home; the statement was not sent.",
                    failure);
        }
        boolean late = failure instanceof ReadTimeoutException || failure instanceof TimeoutException;
        if (!errand.readOnly) {
            return new ProblemException(
                    ProblemCode.OUTCOME_UNKNOWN,
                    (late ? "Home did not answer in time" : "The connection to home was lost")
                            + " after the statement was sent. It may or may not have taken effect, and was not sent"
                            + " again.",
                    failure);
        }
        return late
                ? new ProblemException(ProblemCode.HOME_TIMEOUT, "Home did not answer the read in time.", failure)
                : new ProblemException(ProblemCode.HOME_UNREACHABLE, "The connection to home was lost.", failure);
    }
}
