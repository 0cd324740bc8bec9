package dev.perigee.edge.link;

import dev.perigee.model.AcknowledgementAnswer;
import org.jspecify.annotations.Nullable;

/** What happens to the link. An attempt numbers the connections: what a former one still has to say is ignored. */
sealed interface LinkEvent {

    /** Begin. */
    record Start() implements LinkEvent {}

    /** End for good. */
    record Stop() implements LinkEvent {}

    /** Time has passed. */
    record Tick() implements LinkEvent {}

    /** Something arrived, if only a part of a frame. */
    record Bytes(int attempt) implements LinkEvent {}

    /** A whole frame arrived. */
    record Frame(
            int attempt,
            @Nullable String name,
            @Nullable String id,
            @Nullable String data) implements LinkEvent {}

    /** Home answered the registration with something other than the stream. */
    record Refused(int attempt, int status, String detail) implements LinkEvent {}

    /** The connection failed or ended. */
    record Lost(int attempt, String why) implements LinkEvent {}

    /** Home took the acknowledgement. */
    record AckAnswered(int attempt, AcknowledgementAnswer answer) implements LinkEvent {}

    /** Home answered the acknowledgement with an error. */
    record AckRefused(int attempt, int status) implements LinkEvent {}

    /** The acknowledgement got no answer. */
    record AckFailed(int attempt) implements LinkEvent {}

    /** An action could not be carried out: what was to be applied may not have been. */
    record Broken(String why) implements LinkEvent {}
}
