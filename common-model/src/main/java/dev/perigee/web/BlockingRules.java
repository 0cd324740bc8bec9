package dev.perigee.web;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Tells BlockHound, where it is installed, which locks of libraries we use on event loops are no fault: taken rarely,
 * and held for no longer than it takes to look at a class, to put a buffer's arena in order, or to take an evicted entry out.
 * Nor is it one to read the kernel's random numbers, which TLS does: that device has them ready.
 */
public final class BlockingRules implements BlockHoundIntegration {

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.allowBlockingCallsInside(
                        "tools.jackson.databind.deser.DeserializerCache", "_createAndCacheValueDeserializer")
                .allowBlockingCallsInside(
                        "io.netty.buffer.AdaptivePoolingAllocator$MagazineGroup", "tryExpandMagazines")
                .allowBlockingCallsInside("java.security.SecureRandom", "nextBytes")
                .allowBlockingCallsInside("com.github.benmanes.caffeine.cache.BoundedLocalCache", "put");
    }
}
