package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;

/** Makes the sessions of clients that have said what they want. */
@FunctionalInterface
interface SessionFactory {

    /**
     * The handler that takes the place of those that saw to the beginning. It is added to the client's channel at once, and
     * gets every byte that follows the startup packet, and {@link ConnectionEvent}s.
     *
     * @param startupMessage the whole packet, its length included; of protocol 3; whoever is called releases it
     */
    ChannelHandler begin(ClientConnection client, ByteBuf startupMessage);
}
