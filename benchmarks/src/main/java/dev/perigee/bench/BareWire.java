package dev.perigee.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.Arrays;
import reactor.netty.resources.LoopResources;

/**
 * The least that answers PostgreSQL's protocol from a JVM: no authentication, no logic, one row of one number whatever is
 * asked. What an edge costs above this is its own.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes its channel
public final class BareWire {

    private static final byte[] STARTED = bytes(
            message('R', 0, 0, 0, 0),
            status("server_version", "15.0"),
            status("client_encoding", "UTF8"),
            status("standard_conforming_strings", "on"),
            message('K', 0, 0, 0, 1, 0, 0, 0, 1),
            message('Z', 'I'));
    private static final byte[] PARSED = message('1');
    private static final byte[] BOUND = message('2');
    private static final byte[] CLOSED = message('3');
    private static final byte[] READY = message('Z', 'I');
    private static final byte[] COLUMNS =
            message('T', 0, 1, 'n', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 4, 255, 255, 255, 255, 0, 0);
    private static final byte[] ROWS = bytes(
            message('D', 0, 1, 0, 0, 0, 1, '0'),
            message('C', "SELECT 1\0".chars().toArray()));
    private static final byte[] ANSWER = bytes(COLUMNS, ROWS, READY);

    private BareWire() {}

    /**
     * Serves until it is killed.
     *
     * @param args the port
     */
    public static void main(String[] args) throws InterruptedException {
        LoopResources loops = LoopResources.create("bare");
        EventLoopGroup acceptor = loops.onServerSelect(true);
        EventLoopGroup workers = loops.onServer(true);
        new ServerBootstrap()
                .group(acceptor, workers)
                .channelFactory(() -> loops.onChannel(ServerSocketChannel.class, acceptor))
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new Session());
                    }
                })
                .bind("127.0.0.1", Integer.parseInt(args[0]))
                .sync()
                .channel()
                .closeFuture()
                .sync();
    }

    private static final class Session extends ChannelInboundHandlerAdapter {

        private ByteBuf pending = Unpooled.EMPTY_BUFFER;
        private boolean started;

        @Override
        public void channelRead(ChannelHandlerContext context, Object read) {
            pending = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), pending, (ByteBuf) read);
            ByteBuf out = context.alloc().buffer();
            while (step(context, out)) {
                // Until no whole message is left.
            }
            if (!pending.isReadable()) {
                pending.release();
                pending = Unpooled.EMPTY_BUFFER;
            }
            if (out.isReadable()) {
                context.writeAndFlush(out);
            } else {
                out.release();
            }
        }

        private boolean step(ChannelHandlerContext context, ByteBuf out) {
            int at = pending.readerIndex();
            int header = started ? 1 : 0;
            if (pending.readableBytes() < header + 4) {
                return false;
            }
            int total = header + pending.getInt(at + header);
            if (pending.readableBytes() < total) {
                return false;
            }
            if (started) {
                answer(context, pending.getByte(at), out);
            } else if (total == 8) {
                out.writeByte('N');
            } else {
                started = true;
                out.writeBytes(STARTED);
            }
            pending.skipBytes(total);
            return true;
        }

        private static void answer(ChannelHandlerContext context, byte type, ByteBuf out) {
            switch (type) {
                case 'Q' -> out.writeBytes(ANSWER);
                case 'P' -> out.writeBytes(PARSED);
                case 'B' -> out.writeBytes(BOUND);
                case 'D' -> out.writeBytes(COLUMNS);
                case 'E' -> out.writeBytes(ROWS);
                case 'C' -> out.writeBytes(CLOSED);
                case 'S' -> out.writeBytes(READY);
                default -> context.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            pending.release();
            pending = Unpooled.EMPTY_BUFFER;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    private static byte[] status(String name, String value) {
        return message('S', (name + '\0' + value + '\0').chars().toArray());
    }

    private static byte[] message(char type, int... body) {
        ByteBuf message = Unpooled.buffer().writeByte(type).writeInt(4 + body.length);
        for (int octet : body) {
            message.writeByte(octet);
        }
        return Arrays.copyOf(message.array(), message.readableBytes());
    }

    private static byte[] bytes(byte[]... parts) {
        ByteBuf all = Unpooled.wrappedBuffer(parts);
        byte[] joined = new byte[all.readableBytes()];
        all.readBytes(joined);
        return joined;
    }
}
