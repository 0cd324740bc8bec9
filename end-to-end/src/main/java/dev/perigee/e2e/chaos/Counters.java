package dev.perigee.e2e.chaos;

import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Adds up counters of processes that are killed and started again; what one counted in its last second is lost. */
final class Counters implements Runnable {

    private static final Map<String, String> WATCHED = watched();

    private final Cluster cluster;
    private final Client client;
    private final Map<String, Double> last = new HashMap<>();
    private final Map<String, Double> sums = new LinkedHashMap<>();

    Counters(Cluster cluster, Client client) {
        this.cluster = cluster;
        this.client = client;
        WATCHED.values().forEach(name -> sums.put(name, 0.0));
    }

    private static Map<String, String> watched() {
        Map<String, String> watched = new LinkedHashMap<>();
        watched.put("perigee_home_edges_resumed_total", "resumes without a flush");
        watched.put("perigee_edge_resets_total", "resets, told by home");
        watched.put("perigee_edge_flushes_total", "flushes, by the edge itself or for a new epoch");
        watched.put("perigee_edge_home_failovers_total", "failovers to another home");
        watched.put("perigee_edge_admissions_refused_total", "results refused by the fence");
        watched.put("perigee_home_slot_lost_total", "slots lost");
        watched.put("perigee_home_feed_eras_total", "new eras");
        return watched;
    }

    @Override
    public void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                sample();
                TimeUnit.SECONDS.sleep(1);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks at every process once. */
    void sample() throws InterruptedException {
        for (List<String> names : List.of(Cluster.HOMES, Cluster.EDGES)) {
            for (String name : names) {
                try {
                    Client.Answer answer = client.get(cluster.url(name).resolve("/actuator/prometheus"));
                    if (answer.status() == 200) {
                        add(name, answer.response().body());
                    }
                } catch (IOException away) {
                    // Next time.
                }
            }
        }
    }

    private synchronized void add(String process, String exposition) {
        WATCHED.forEach((metric, name) -> {
            double now = exposition
                    .lines()
                    .filter(line -> line.startsWith(metric + " ") || line.startsWith(metric + "{"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
            Double before = last.put(process + " " + metric, now);
            sums.merge(name, before == null || now < before ? now : now - before, Double::sum);
        });
    }

    synchronized Map<String, Double> sums() {
        return new LinkedHashMap<>(sums);
    }
}
