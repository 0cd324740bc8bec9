package dev.perigee.edge.query;

import dev.perigee.web.MinVersion;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The way to home for statements. Thread-safe. */
public interface HomeClient {

    /**
     * Sends a request body as it is.
     *
     * @param minVersion goes along in its header, if there is one
     * @param readOnly whether it is known to be a read: then it is sent again when a connection is lost, once to each
     *     other home, or to the only one
     * @return home's answer, whatever its status; a {@link dev.perigee.web.ProblemException} if there is none
     */
    Mono<HomeAnswer> send(String path, byte[] body, @Nullable MinVersion minVersion, boolean readOnly);
}
