package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class TunnelCodecTest {

    private final EmbeddedChannel channel = new EmbeddedChannel(new TunnelCodec(Duration.ofSeconds(10)));

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void whatIsInFramesIsPassedOnAsItComes() {
        channel.writeInbound(
                new BinaryWebSocketFrame(false, 0, Unpooled.wrappedBuffer(new byte[] {1, 2})),
                new ContinuationWebSocketFrame(true, 0, Unpooled.wrappedBuffer(new byte[] {3})),
                new BinaryWebSocketFrame(Unpooled.EMPTY_BUFFER));
        assertThat(channel.<ByteBuf>readInbound()).isEqualTo(Unpooled.wrappedBuffer(new byte[] {1, 2}));
        assertThat(channel.<ByteBuf>readInbound()).isEqualTo(Unpooled.wrappedBuffer(new byte[] {3}));
        assertThat(channel.<ByteBuf>readInbound()).isNull();
    }

    @Test
    void whatIsLargeIsSentInSeveralFrames() {
        byte[] large = new byte[2 * TunnelCodec.LARGEST_SENT + 1];
        large[large.length - 1] = 7;
        channel.writeOutbound(channel.alloc().buffer().writeBytes(large));
        ByteBuf sum = Unpooled.buffer();
        for (int length : new int[] {TunnelCodec.LARGEST_SENT, TunnelCodec.LARGEST_SENT, 1}) {
            BinaryWebSocketFrame frame = channel.readOutbound();
            assertThat(frame.content().readableBytes()).isEqualTo(length);
            sum.writeBytes(frame.content());
            frame.release();
        }
        assertThat(sum).isEqualTo(Unpooled.wrappedBuffer(large));
        assertThat(channel.<Object>readOutbound()).isNull();
    }

    @Test
    void anythingElseEndsIt() {
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                assertThat(cause).hasMessageContaining("binary frames only");
            }
        });
        channel.writeInbound(new TextWebSocketFrame("x"));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void homeHearsOfUsWhileNothingIsRead() {
        channel.config().setAutoRead(false);
        channel.advanceTimeBy(10, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        PongWebSocketFrame pong = channel.readOutbound();
        assertThat(pong).isNotNull();
        pong.release();
        channel.config().setAutoRead(true);
        channel.advanceTimeBy(10, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.<Object>readOutbound()).isNull();
    }
}
