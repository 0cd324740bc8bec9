package dev.perigee.e2e.chaos;

import java.io.IOException;
import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Finds out when a cluster is itself again: something new is written, and every edge has it in memory. */
final class Recovery {

    static final String TABLE = "probe";
    /** The statement that reads what was written last. */
    static final String READ = "SELECT n FROM " + TABLE + " WHERE id = 1";

    private final Cluster cluster;
    private final Client client;
    private long written;

    Recovery(Cluster cluster, Client client) {
        this.cluster = cluster;
        this.client = client;
    }

    /** False if it does not recover in time. */
    boolean await(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        written++;
        while (!write()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        for (String edge : Cluster.EDGES) {
            while (!hits(cluster.url(edge))) {
                if (System.nanoTime() > deadline) {
                    return false;
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
        return true;
    }

    private boolean write() {
        try {
            cluster.primary.sql("UPDATE " + TABLE + " SET n = " + written + " WHERE id = 1");
            return true;
        } catch (SQLException notYet) {
            return false;
        }
    }

    private boolean hits(URI edge) throws InterruptedException {
        try {
            Client.Answer answer = client.query(edge, READ, Map.of());
            return answer.status() == 200
                    && answer.isHit()
                    && !answer.numbers().isEmpty()
                    && answer.numbers().get(0) >= written;
        } catch (IOException notYet) {
            return false;
        }
    }
}
