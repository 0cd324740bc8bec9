package dev.perigee.bench;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Acknowledgements of many edges, over a few connections. For one event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes its channel
final class Acknowledgements {

    private final String token;
    private final Deque<Ack> waiting = new ArrayDeque<>();
    private final Deque<Channel> idle = new ArrayDeque<>();
    private long answered;
    private long refused;

    private record Ack(String edgeId, String body, Runnable done) {}

    Acknowledgements(String token) {
        this.token = token;
    }

    /** Makes a connection one of those that acknowledge. */
    void join(ChannelPipeline pipeline) {
        pipeline.addLast(new HttpClientCodec(), new HttpObjectAggregator(1 << 16), new Connection());
    }

    /** Sends one as soon as a connection is free. */
    void send(String edgeId, String body, Runnable done) {
        waiting.add(new Ack(edgeId, body, done));
        pump();
    }

    /** How many home has taken, and refused. */
    String summary() {
        return "\"acks\":" + answered + ",\"acks_refused\":" + refused;
    }

    private void pump() {
        while (!waiting.isEmpty() && !idle.isEmpty()) {
            Ack ack = waiting.remove();
            Channel channel = idle.remove();
            channel.pipeline().get(Connection.class).sent = ack;
            FullHttpRequest request = new DefaultFullHttpRequest(
                    HttpVersion.HTTP_1_1,
                    HttpMethod.POST,
                    "/api/edge/" + ack.edgeId + "/ack",
                    Unpooled.copiedBuffer(ack.body, StandardCharsets.UTF_8));
            request.headers()
                    .set("Host", "bench")
                    .set("Authorization", "Bearer " + token)
                    .set("Content-Type", "application/json")
                    .set("Content-Length", ack.body.length());
            channel.writeAndFlush(request);
        }
    }

    private final class Connection extends SimpleChannelInboundHandler<FullHttpResponse> {

        private @Nullable Ack sent;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            idle.add(context.channel());
            pump();
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
            answered++;
            if (response.status().code() != 200) {
                refused++;
            }
            Ack done = sent;
            sent = null;
            idle.add(context.channel());
            if (done != null) {
                done.done.run();
            }
            pump();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            idle.remove(context.channel());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
