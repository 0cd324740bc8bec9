package dev.perigee.edge.link;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.FrameParser.BadFrame;
import dev.perigee.edge.link.FrameParser.Parsed;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.StreamPosition;
import java.util.random.RandomGenerator;

/** An edge's link without the network: the real {@link LinkDriver} and {@link LinkMachine}. */
public final class EdgeLink {

    /** What the link wants of the world. */
    public interface World {

        void connect(int attempt, int home, StreamPosition cursor);

        void disconnect();

        void acknowledge(int attempt, long generation, StreamPosition upTo);

        /** Everything below is closed: why is said by {@link #said}. */
        void flushed();

        void reset(StreamPosition to);

        void said(String line);

        /** A tick is wanted at that time of the edge's clock, or none. */
        void tickAt(Long deadline);
    }

    private final LinkDriver driver;
    /** A frame that need not be read again, since it never was a text. */
    private Parsed unwritten;

    public EdgeLink(
            int homes, RandomGenerator random, Watermarks watermarks, ResultCache cache, Ticker ticker, World world) {
        LinkMachine machine = new LinkMachine(new Rounds(homes, new Backoff(random)), this::read);
        this.driver = new LinkDriver(machine, watermarks, cache, ticker, new LinkDriver.Outside() {
            @Override
            public void carryOut(LinkAction action) {
                if (action instanceof LinkAction.Connect connect) {
                    world.connect(connect.attempt(), connect.home(), connect.cursor());
                } else if (action instanceof LinkAction.Disconnect) {
                    world.disconnect();
                } else if (action instanceof LinkAction.Acknowledge ack) {
                    world.acknowledge(ack.attempt(), ack.generation(), ack.upTo());
                } else if (action instanceof LinkAction.Flush) {
                    world.flushed();
                } else if (action instanceof LinkAction.ResetTo reset) {
                    world.reset(reset.position());
                } else if (action instanceof LinkAction.Say say) {
                    world.said(say.line());
                }
            }

            @Override
            public void adapt() {
                cache.adapt();
            }

            @Override
            public void handled(LinkView view, Long deadline) {
                world.tickAt(deadline);
            }
        });
    }

    public LinkView view() {
        return driver.view();
    }

    public void start() {
        driver.handle(new LinkEvent.Start());
    }

    public void tick() {
        driver.handle(new LinkEvent.Tick());
    }

    public void bytes(int attempt) {
        driver.handle(new LinkEvent.Bytes(attempt));
    }

    public void frame(int attempt, String name, String id, String data) {
        // A frame of a connection that is over was not read.
        unwritten = null;
        driver.handle(new LinkEvent.Frame(attempt, name, id, data));
    }

    /** A frame as an object: it is not written, and so need not be read. */
    public void frame(int attempt, StreamEvent event, StreamPosition id) {
        unwritten = new Parsed(event, id);
        driver.handle(new LinkEvent.Frame(attempt, event.eventName(), null, null));
    }

    private Parsed read(LinkEvent.Frame frame) throws BadFrame {
        Parsed known = unwritten;
        unwritten = null;
        return known != null ? known : FrameParser.parse(frame);
    }

    public void refused(int attempt, int status, String detail) {
        driver.handle(new LinkEvent.Refused(attempt, status, detail));
    }

    public void lost(int attempt, String why) {
        driver.handle(new LinkEvent.Lost(attempt, why));
    }

    public void acknowledged(int attempt, AcknowledgementAnswer answer) {
        driver.handle(new LinkEvent.AckAnswered(attempt, answer));
    }

    public void ackRefused(int attempt, int status) {
        driver.handle(new LinkEvent.AckRefused(attempt, status));
    }

    public void ackFailed(int attempt) {
        driver.handle(new LinkEvent.AckFailed(attempt));
    }

    /** What was to be applied may not have been. */
    public void broken(String why) {
        driver.handle(new LinkEvent.Broken(why));
    }
}
