package dev.perigee.home.edges;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.web.KnownHead;
import dev.perigee.web.ProblemException;
import dev.perigee.web.ShortCut;
import dev.perigee.web.WireJson;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Takes acknowledgements beneath the framework: with a thousand edges they would take most of home's time. Belongs to one
 * connection.
 */
final class AckHandler extends ShortCut {

    private static final String BEFORE_ID = "/api/edge/";
    private static final String AFTER_ID = "/ack";
    private static final List<AsciiString> LENGTH = List.of(HttpHeaderNames.CONTENT_LENGTH);

    private final Acknowledgements acknowledgements;

    AckHandler(Acknowledgements acknowledgements) {
        this.acknowledgements = acknowledgements;
    }

    private static boolean isAck(String uri) {
        return uri.startsWith(BEFORE_ID)
                && uri.endsWith(AFTER_ID)
                && uri.length() >= BEFORE_ID.length() + AFTER_ID.length()
                && EdgeRegistration.isEdgeId(edgeId(uri));
    }

    private static String edgeId(String uri) {
        return uri.substring(BEFORE_ID.length(), uri.length() - AFTER_ID.length());
    }

    @Override
    protected @Nullable KnownHead head(HttpRequest request) {
        return isAck(request.uri()) ? KnownHead.of(request, LENGTH) : null;
    }

    @Override
    protected boolean learn(KnownHead head, HttpResponse answer) {
        return head.answered(answer, LENGTH);
    }

    @Override
    protected @Nullable HttpResponse answer(KnownHead head, HttpRequest request, byte[] body) {
        try {
            Acknowledgement ack = WireJson.mapper().readValue(body, Acknowledgement.class);
            if (ack == null) {
                return null;
            }
            byte[] answer = WireJson.mapper().writeValueAsBytes(acknowledgements.take(edgeId(head.uri()), ack));
            return ok(head.answer(place -> Integer.toString(answer.length)), answer);
        } catch (JacksonException | ProblemException refused) {
            // Nothing has changed; the whole way says so properly.
            return null;
        }
    }
}
