package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a connection may cost on which nobody has shown a token. */
class ConnectionLimitsTest {

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
        EmbeddedChannel channel = new EmbeddedChannel(new RequestGuard(Duration.ofSeconds(2), Duration.ofSeconds(9)));
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
        EmbeddedChannel channel = new EmbeddedChannel(new RequestGuard(Duration.ofSeconds(2), Duration.ofSeconds(9)));
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
        EmbeddedChannel channel = new EmbeddedChannel(new RequestGuard(Duration.ofSeconds(2), Duration.ofSeconds(9)));
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

    @Test
    void aBodyThatGoesOnAfterItsAnswerIsCutInTheEnd() {
        EmbeddedChannel channel = new EmbeddedChannel(new RequestGuard(Duration.ofSeconds(2), Duration.ofSeconds(9)));
        channel.freezeTime();
        request(channel);
        channel.writeOutbound(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.UNAUTHORIZED));
        channel.advanceTimeBy(1, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
        channel.advanceTimeBy(10, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.isOpen()).as("it came to its end").isTrue();
        request(channel);
        channel.writeOutbound(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.UNAUTHORIZED));
        for (int i = 0; i < 3; i++) {
            channel.writeInbound(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[1])));
            channel.advanceTimeBy(900, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
        }
        assertThat(channel.isOpen()).isFalse();
        channel.releaseInbound();
        channel.releaseOutbound();
    }

    @Test
    void anAnswerMayTakeAsLongAsItDoes() {
        EmbeddedChannel channel = new EmbeddedChannel(new RequestGuard(Duration.ofSeconds(2), Duration.ofSeconds(9)));
        channel.freezeTime();
        request(channel);
        channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
        channel.writeOutbound(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));
        channel.advanceTimeBy(1, TimeUnit.HOURS);
        channel.runScheduledPendingTasks();
        assertThat(channel.isOpen()).isTrue();
    }

    /** A channel that holds what is written to it, as for a client that does not read. */
    private static EmbeddedChannel unread() {
        ChannelOutboundHandlerAdapter held = new ChannelOutboundHandlerAdapter() {
            @Override
            public void flush(ChannelHandlerContext context) {
                // Nobody takes it.
            }
        };
        EmbeddedChannel channel =
                new EmbeddedChannel(held, new RequestGuard(Duration.ofSeconds(2), Duration.ofSeconds(9)));
        channel.freezeTime();
        request(channel);
        channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
        return channel;
    }

    private static boolean isOpenAfter(EmbeddedChannel channel, int seconds) {
        channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        return channel.isOpen();
    }

    @Test
    void anAnswerThatIsNotReadIsTakenBackInTheEnd() {
        EmbeddedChannel channel = unread();
        DefaultFullHttpResponse answer = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.wrappedBuffer(new byte[100_000]));
        ChannelFuture written = channel.write(answer);
        assertThat(isOpenAfter(channel, 8)).isTrue();
        assertThat(answer.refCnt()).isEqualTo(1);
        assertThat(isOpenAfter(channel, 2)).isFalse();
        assertThat(answer.refCnt()).isZero();
        assertThat(written.isSuccess()).isFalse();
    }

    @Test
    void anAnswerThatIsReadInTimeIsNotHeldAgainstItsConnection() {
        EmbeddedChannel channel = new EmbeddedChannel(new RequestGuard(Duration.ofSeconds(2), Duration.ofSeconds(9)));
        channel.freezeTime();
        request(channel);
        channel.writeInbound(LastHttpContent.EMPTY_LAST_CONTENT);
        channel.writeOutbound(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.wrappedBuffer(new byte[100_000])));
        assertThat(isOpenAfter(channel, 3600)).isTrue();
        channel.releaseOutbound();
    }

    @Test
    void aStreamThatIsNotReadIsNotCut() {
        EmbeddedChannel channel = unread();
        ChannelFuture head = channel.write(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));
        ChannelFuture event = channel.write(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[100_000])));
        assertThat(isOpenAfter(channel, 3600)).isTrue();
        assertThat(head.isDone() || event.isDone()).isFalse();
    }

    private static void request(EmbeddedChannel channel) {
        channel.writeInbound(new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"));
    }
}
