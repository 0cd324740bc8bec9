package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.link.LinkProperties.WhenStale;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.web.ShortCut;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is answered beneath the framework, and what is passed on to it as it came. */
class HitHandlerTest extends ReadPathFixture {

    private static final String BODY = "{\"sql\":\"" + READ + "\"}";

    private QueryService service;
    private EmbeddedChannel channel;

    @BeforeEach
    void know() {
        know(false);
    }

    private void know(boolean traced) {
        service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        channel = new EmbeddedChannel(new HitHandler(service, new Requests(), traced));
        head(request());
        body(BODY);
        answered("e; hit; ttl=60");
    }

    @AfterEach
    void nothingIsLeft() {
        channel.finishAndReleaseAll();
    }

    private static HttpRequest request() {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/api/query");
        request.headers()
                .add("Host", "a")
                .add("Authorization", "Bearer t")
                .add("Content-Type", "application/json")
                .add("Content-Length", BODY.length());
        return request;
    }

    private void head(HttpRequest request) {
        channel.pipeline().fireChannelRead(request);
    }

    private ByteBuf body(String text) {
        ByteBuf content = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
        channel.pipeline().fireChannelRead(new DefaultLastHttpContent(content));
        channel.flushInbound();
        return content;
    }

    /** The framework gives an answer to what was passed on to it. */
    private void answered(String cacheStatus) {
        answered(cacheStatus, Instant.MAX);
    }

    /** As above; who has let it in, if anybody has, would do so until then. */
    private void answered(String cacheStatus, Instant until) {
        if (until != null) {
            ShortCut.letIn(channel, until);
        }
        channel.releaseInbound();
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        response.headers()
                .add("X-Content-Type-Options", "nosniff")
                .add("Cache-Status", cacheStatus)
                .add("Age", "99")
                .add("Perigee-Version", "7.1:1")
                .add("Perigee-Cacheability", "cacheable")
                .add("Content-Length", "0");
        channel.writeOutbound(response);
        channel.releaseOutbound();
    }

    private boolean isPassedOn() {
        return channel.inboundMessages().peek() instanceof HttpRequest;
    }

    @Test
    void theSameHeadIsAnsweredWithTheSameFields() {
        head(request());
        ByteBuf content = body(BODY);
        assertThat(isPassedOn()).isFalse();
        FullHttpResponse answer = channel.readOutbound();
        assertThat(answer.content().toString(StandardCharsets.UTF_8)).isEqualTo("{\"rows\":[[\"v1\"]]}");
        assertThat(answer.headers().entries().stream().map(Object::toString))
                .containsExactly(
                        "X-Content-Type-Options=nosniff",
                        "Cache-Status=e; hit; ttl=60",
                        "Age=0",
                        "Perigee-Version=7.1:10",
                        "Perigee-Cacheability=cacheable",
                        "Content-Length=17");
        assertThat(content.refCnt()).isZero();
        answer.release();
    }

    @ParameterizedTest
    @CsvSource({
        "false, 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, false",
        "true, 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, true",
        "true, 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00, false",
        "true, 00-01, false",
    })
    void whatIsToAppearInATraceIsPassedOnIfThereAreTraces(boolean traced, String traceparent, boolean passed) {
        nothingIsLeft();
        know(traced);
        HttpRequest request = request();
        request.headers().set("traceparent", traceparent);
        head(request);
        body(BODY);
        assertThat(isPassedOn()).isEqualTo(passed);
    }

    @ParameterizedTest
    @CsvSource({
        "Authorization, Bearer u, true",
        "Content-Type, text/plain, true",
        "Host, b, true",
        "Cache-Control, max-age=1, false",
        "Cache-Control, no-cache, true",
        "Perigee-Min-Version, 9, false",
        "Perigee-Min-Version, x, true",
        "Perigee-Min-Version, 7.1:11, true",
        "traceparent, 00-a-b-01, false",
        "X-Unknown, 1, true"
    })
    void anotherHeadIsPassedOnUnlessThatChangesNothing(String name, String value, boolean passed) {
        HttpRequest request = request();
        request.headers().set(name, value);
        head(request);
        body(BODY);
        assertThat(isPassedOn()).isEqualTo(passed);
    }

    @ParameterizedTest
    @CsvSource({"Transfer-Encoding, chunked", "Expect, 100-continue", "Connection, close", "Upgrade, x"})
    void aRequestThatIsMoreThanHeadAndBodyNeverBecomesKnown(String name, String value) {
        HttpRequest request = request();
        request.headers().set(name, value);
        for (int i = 0; i < 3; i++) {
            head(request);
            body(BODY);
            assertThat(isPassedOn()).isTrue();
            answered("e; hit; ttl=60");
        }
    }

    @Test
    void nothingIsKnownThatNobodyHasLetIn() {
        channel = new EmbeddedChannel(new HitHandler(service, new Requests(), false));
        for (int i = 0; i < 3; i++) {
            head(request());
            body(BODY);
            assertThat(isPassedOn()).isTrue();
            answered("e; hit; ttl=60", null);
        }
    }

    @Test
    void whatIsKnownExpires() {
        channel = new EmbeddedChannel(new HitHandler(service, new Requests(), false));
        for (int i = 0; i < 3; i++) {
            head(request());
            body(BODY);
            assertThat(isPassedOn()).isTrue();
            answered("e; hit; ttl=60", Instant.now());
        }
        head(request());
        body(BODY);
        answered("e; hit; ttl=60", Instant.now().plusSeconds(3600));
        head(request());
        body(BODY);
        assertThat(isPassedOn()).isFalse();
    }

    @Test
    void afieldThatIsGoneMatters() {
        for (String name : List.of("Host", "Authorization", "Content-Type")) {
            HttpRequest request = request();
            request.headers().remove(name);
            head(request);
            body(BODY);
            assertThat(isPassedOn()).as(name).isTrue();
            answered("e; fwd=uri-miss");
        }
    }

    @Test
    void onlyAnAnswerFromMemoryMakesAHeadKnown() {
        HttpRequest other = request();
        other.headers().set("Host", "b");
        for (String status : List.of("e; fwd=uri-miss; stored", "e; hit; ttl=-1; detail=stale-if-error")) {
            for (int i = 0; i < 2; i++) {
                head(other);
                body(BODY);
                assertThat(isPassedOn()).as(status).isTrue();
                answered(status);
            }
        }
        head(other);
        body(BODY);
        answered("e; hit; ttl=9");
        head(other);
        body(BODY);
        assertThat(isPassedOn()).isFalse();
    }

    /** There a request that does not come in has its time. */
    @Test
    void whatDoesNotComeInAtOnceIsPassedOn() {
        head(request());
        assertThat(isPassedOn()).isFalse();
        channel.flushInbound();
        assertThat(isPassedOn()).isTrue();
        body(BODY);
        assertThat(channel.inboundMessages()).hasSize(2);
        assertThat(channel.outboundMessages()).isEmpty();
    }

    @Test
    void aBodyInPiecesIsPassedOnInOrder() {
        head(request());
        channel.pipeline().fireChannelRead(new DefaultHttpContent(Unpooled.copiedBuffer("{", StandardCharsets.UTF_8)));
        body(BODY.substring(1));
        assertThat(isPassedOn()).isTrue();
        assertThat(channel.inboundMessages()).hasSize(3);
    }

    /** Answers come in the order of their requests. */
    @Test
    void nothingOvertakesARequestThatIsUnderWay() {
        HttpRequest slow = request();
        slow.headers().set("Cache-Control", "no-cache");
        head(slow);
        body(BODY);
        head(request());
        body(BODY);
        assertThat(channel.outboundMessages()).isEmpty();
        assertThat(channel.inboundMessages()).hasSize(4);
        answered("e; fwd=request");
        head(request());
        body(BODY);
        assertThat(channel.outboundMessages()).as("one is still under way").isEmpty();
        channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT, LastHttpContent.EMPTY_LAST_CONTENT);
        channel.releaseOutbound();
        channel.releaseInbound();
        head(request());
        body(BODY);
        assertThat(isPassedOn()).isFalse();
    }

    @Test
    void whatIsStaleIsPassedOnAsItCame() {
        marks.raise(new InvalidationEvent(11, List.of("public.users"), Instant.EPOCH));
        head(request());
        ByteBuf content = body(BODY);
        assertThat(isPassedOn()).isTrue();
        assertThat(content.refCnt()).isEqualTo(1);
        assertThat(cache.size())
                .as("it is for the read path to drop it, and to say why")
                .isEqualTo(1);
    }

    @Test
    void whatIsNoRequestIsPassedOn() {
        for (String body : List.of("", "null", "{}", "{\"sql\":1}", BODY + "1")) {
            head(request());
            body(body);
            assertThat(isPassedOn()).as(body).isTrue();
            answered("e; fwd=bypass");
        }
    }
}
