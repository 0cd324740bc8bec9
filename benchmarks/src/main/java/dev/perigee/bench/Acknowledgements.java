package dev.perigee.bench;

import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.web.WireJson;
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
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Acknowledgements of many edges, each over a connection of its own, as edges have them. For one event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes its channel
final class Acknowledgements {

    private final String token;
    private final Deque<Connection> free = new ArrayDeque<>();
    private final Map<String, Connection> taken = new HashMap<>();
    private final Deque<Ack> waiting = new ArrayDeque<>();
    private long answered;
    private long refused;

    private record Ack(String edgeId, String body, Consumer<AcknowledgementAnswer> done) {}

    Acknowledgements(String token) {
        this.token = token;
    }

    /** Makes a connection one that acknowledges for the next edge that has none. */
    void join(ChannelPipeline pipeline) {
        pipeline.addLast(new HttpClientCodec(), new HttpObjectAggregator(1 << 16), new Connection());
    }

    /** Sends one, once the edge has a connection, and has the answer to the one before. */
    void send(String edgeId, String body, Consumer<AcknowledgementAnswer> done) {
        Ack ack = new Ack(edgeId, body, done);
        Connection connection = taken.get(edgeId);
        if (connection == null && !free.isEmpty()) {
            connection = free.remove();
            taken.put(edgeId, connection);
        }
        if (connection == null) {
            waiting.add(ack);
        } else {
            connection.send(ack);
        }
    }

    /** How many home has taken, and refused. */
    String summary() {
        return "\"acks\":" + answered + ",\"acks_refused\":" + refused;
    }

    private final class Connection extends SimpleChannelInboundHandler<FullHttpResponse> {

        private final Deque<Ack> queue = new ArrayDeque<>();
        private @Nullable Channel channel;

        void send(Ack ack) {
            queue.add(ack);
            if (queue.size() == 1) {
                write(ack);
            }
        }

        private void write(Ack ack) {
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
            Objects.requireNonNull(channel).writeAndFlush(request);
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channel = context.channel();
            free.add(this);
            Ack ack = waiting.poll();
            if (ack != null) {
                Acknowledgements.this.send(ack.edgeId, ack.body, ack.done);
            }
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
            answered++;
            if (response.status().code() != 200) {
                refused++;
            }
            Ack done = queue.remove();
            Ack next = queue.peek();
            done.done.accept(read(response));
            if (next != null) {
                write(next);
            }
        }

        private static AcknowledgementAnswer read(FullHttpResponse response) {
            return response.status().code() == 200
                    ? WireJson.tolerant()
                            .readValue(response.content().toString(StandardCharsets.UTF_8), AcknowledgementAnswer.class)
                    : new AcknowledgementAnswer(0, AcknowledgementAnswer.AGE_UNKNOWN);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            free.remove(this);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
