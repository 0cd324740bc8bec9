package dev.perigee.edge.pgwire;

import dev.perigee.edge.query.QueryMetrics;
import io.micrometer.core.instrument.Counter;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;

/** Makes sessions, and holds what they share. Thread-safe. */
@SuppressWarnings("FutureReturnValueIgnored") // of a connection that is to be closed nothing more is wanted
final class Sessions implements SessionFactory {

    private final Upstream upstream;
    private final WireReads reads;
    private final PerigeeStatements about;
    private final QueryMetrics metrics;
    private final CancelRegistry cancels;
    private final PgWireProperties properties;
    private final Counter received;
    private final Counter sent;

    Sessions(
            Upstream upstream,
            WireReads reads,
            PerigeeStatements about,
            QueryMetrics metrics,
            CancelRegistry cancels,
            PgWireProperties properties,
            Counter received,
            Counter sent) {
        this.upstream = upstream;
        this.reads = reads;
        this.about = about;
        this.metrics = metrics;
        this.cancels = cancels;
        this.properties = properties;
        this.received = received;
        this.sent = sent;
    }

    @Override
    public ChannelHandler begin(ClientConnection client, ByteBuf startupMessage) {
        try {
            return new ClientSession(client, new Startup(startupMessage), this);
        } catch (ProtocolViolation malformed) {
            Channel channel = client.channel();
            channel.writeAndFlush(ErrorResponse.fatal(
                                    ErrorResponse.PROTOCOL_VIOLATION, String.valueOf(malformed.getMessage()))
                            .encode(channel.alloc()))
                    .addListener(done -> channel.close());
            return new ChannelInboundHandlerAdapter();
        } finally {
            startupMessage.release();
        }
    }

    Upstream upstream() {
        return upstream;
    }

    int maxMessage() {
        return Math.toIntExact(properties.maxMessageSize().toBytes());
    }

    /** How long a session may do nothing; for ever if 0. */
    Duration idleTimeout() {
        return properties.idleTimeout();
    }

    boolean allowsTrust() {
        return properties.allowTrust();
    }

    /** What this client's session runs can be cancelled by this key, by the same way. */
    void register(Channel client, int processId, byte[] key, Upstream.Route route) {
        CancelRegistry.Registration registration = cancels.register(processId, key, route);
        client.closeFuture().addListener(closed -> registration.remove());
    }

    Conversation converse(Conversation.Ends ends, int backendPid, boolean passing) {
        return new Conversation(reads, about, metrics, ends, backendPid, passing);
    }

    void received(int bytes) {
        received.increment(bytes);
    }

    void sent(int bytes) {
        sent.increment(bytes);
    }
}
