package dev.perigee.edge.pgwire;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.NoopAddressResolverGroup;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import java.net.InetSocketAddress;
import java.time.Duration;
import reactor.netty.resources.LoopResources;

/** The threads that the sessions run on, and the kind of sockets that goes with them. Thread-safe. */
final class EventLoops implements AutoCloseable {

    private static final Duration SHUTDOWN = Duration.ofSeconds(1);

    private final LoopResources resources;
    private final EventLoopGroup group;
    private final Class<? extends SocketChannel> socket;
    private final AddressResolverGroup<InetSocketAddress> names;

    EventLoops() {
        resources = LoopResources.create("perigee-pgwire");
        group = resources.onServer(LoopResources.DEFAULT_NATIVE);
        socket = resources.onChannelClass(SocketChannel.class, group);
        names = new DnsAddressResolverGroup(new DnsNameResolverBuilder()
                .datagramChannelFactory(() -> resources.onChannel(DatagramChannel.class, group))
                .socketChannelFactory(() -> resources.onChannel(SocketChannel.class, group)));
    }

    /** A server whose connections are spread over the threads. */
    ServerBootstrap server() {
        EventLoopGroup acceptor = resources.onServerSelect(LoopResources.DEFAULT_NATIVE);
        return new ServerBootstrap()
                .group(acceptor, group)
                .channelFactory(() -> resources.onChannel(ServerSocketChannel.class, acceptor));
    }

    /** A client on this thread, for addresses that are resolved. */
    Bootstrap client(EventLoop loop) {
        return new Bootstrap().group(loop).channel(socket).resolver(NoopAddressResolverGroup.INSTANCE);
    }

    /** Resolves names, without ever blocking. */
    AddressResolver<InetSocketAddress> names(EventLoop loop) {
        return names.getResolver(loop);
    }

    /** One of the threads. */
    EventLoop next() {
        return group.next();
    }

    @Override
    public void close() {
        names.close();
        resources.disposeLater(Duration.ZERO, SHUTDOWN).subscribe();
    }
}
