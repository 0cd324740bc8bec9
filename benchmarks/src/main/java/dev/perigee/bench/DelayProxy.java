package dev.perigee.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import java.util.concurrent.TimeUnit;
import reactor.netty.resources.LoopResources;

/** A network that is far away: passes TCP connections on, and every byte arrives a fixed time later, both ways. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes its channel
public final class DelayProxy {

    private DelayProxy() {}

    /**
     * Passes on until it is killed.
     *
     * @param args the port to listen on; the port to connect to; the delay one way, milliseconds
     */
    public static void main(String[] args) throws InterruptedException {
        int target = Integer.parseInt(args[1]);
        long delay = Long.parseLong(args[2]);
        LoopResources loops = LoopResources.create("delay", 1, true);
        EventLoopGroup group = loops.onServer(true);
        EventLoopGroup acceptor = loops.onServerSelect(true);
        new ServerBootstrap()
                .group(acceptor, group)
                .channelFactory(() -> loops.onChannel(ServerSocketChannel.class, acceptor))
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel near) {
                        new Bootstrap()
                                .group(near.eventLoop())
                                .channelFactory(() -> loops.onChannel(SocketChannel.class, group))
                                .option(ChannelOption.TCP_NODELAY, true)
                                .handler(new Later(near, delay))
                                .connect("127.0.0.1", target)
                                .addListener((ChannelFuture connected) -> {
                                    if (connected.isSuccess()) {
                                        near.pipeline().addLast(new Later(connected.channel(), delay));
                                        near.config().setAutoRead(true);
                                    } else {
                                        near.close();
                                    }
                                });
                    }
                })
                .bind("127.0.0.1", Integer.parseInt(args[0]))
                .sync()
                .channel()
                .closeFuture()
                .sync();
    }

    private static final class Later extends ChannelInboundHandlerAdapter {

        private final Channel peer;
        private final long delay;

        Later(Channel peer, long delay) {
            this.peer = peer;
            this.delay = delay;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object read) {
            // Tasks of one time are run in the order they were given: bytes stay in order.
            context.channel().eventLoop().schedule(() -> peer.writeAndFlush(read), delay, TimeUnit.MILLISECONDS);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            context.channel().eventLoop().schedule(() -> peer.close(), delay, TimeUnit.MILLISECONDS);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
