package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a connection may cost on which nobody has shown a token. */
class StrangersTest {

    private final Strangers strangers = new Strangers(3);

    @Test
    void theOldestIsClosedForTheNewest() {
        List<EmbeddedChannel> channels = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            EmbeddedChannel channel = new EmbeddedChannel();
            channels.add(channel);
            strangers.connected(channel);
        }
        channels.forEach(EmbeddedChannel::runPendingTasks);
        assertThat(channels).extracting(EmbeddedChannel::isOpen).containsExactly(false, false, true, true, true);
        channels.get(3).finish();
        assertThat(strangers.size()).isEqualTo(2);
    }

    @Test
    void oneRequestAfterTheOtherIsNoPipeline() {
        EmbeddedChannel channel = new EmbeddedChannel(new PipelineLimit());
        for (int i = 0; i < 1000; i++) {
            request(channel);
            channel.writeInbound(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[1])));
            channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
            channel.writeOutbound(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
            channel.writeOutbound(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));
            channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);
        }
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void requestsThatPileUpCloseTheConnection() {
        EmbeddedChannel channel = new EmbeddedChannel(new PipelineLimit());
        for (int i = 0; i < 9; i++) {
            request(channel);
            channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
        }
        assertThat(channel.isOpen()).isTrue();
        request(channel);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aBodyBehindARequestWithoutAnAnswerClosesItToo() {
        EmbeddedChannel channel = new EmbeddedChannel(new PipelineLimit());
        request(channel);
        // Its own body may be as long as it likes: who reads it has a limit.
        for (int i = 0; i < 1000; i++) {
            channel.writeInbound(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[1])));
        }
        assertThat(channel.isOpen()).isTrue();
        request(channel);
        DefaultHttpContent last = new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[1]));
        for (int i = 0; i < 15; i++) {
            channel.writeInbound(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[1])));
        }
        assertThat(channel.isOpen()).isTrue();
        channel.writeInbound(last);
        assertThat(channel.isOpen()).isFalse();
        assertThat(last.refCnt()).isZero();
        channel.releaseInbound();
    }

    private static void request(EmbeddedChannel channel) {
        channel.writeInbound(new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"));
    }
}
