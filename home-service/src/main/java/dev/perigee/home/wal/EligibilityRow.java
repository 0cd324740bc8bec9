package dev.perigee.home.wal;

import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.web.WireJson;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** A row of {@code perigee.edge_eligibility}, as PostgreSQL's {@code to_json} writes it. */
public final class EligibilityRow {

    static final String PREFIX = "perigee.eligibility";

    private record Json(
            @Nullable String edgeId,
            @Nullable Boolean enabled,
            @Nullable Double cpuCores,
            @Nullable Integer ramMib,
            @Nullable Integer diskMib,
            @Nullable String geo,
            long revision,
            @Nullable OffsetDateTime changedAt,
            @Nullable Boolean gone) {}

    private EligibilityRow() {}

    /** Reads a row; null if it makes no sense. */
    public static @Nullable EdgeEligibility parse(String json) {
        try {
            return message(json) instanceof ControlMessage.EligibilityChanged changed ? changed.row() : null;
        } catch (JacksonException | IllegalArgumentException garbage) {
            return null;
        }
    }

    static @Nullable ControlMessage message(String json) {
        Json row = WireJson.tolerant().readValue(json, Json.class);
        if (row == null || row.edgeId == null) {
            return null;
        }
        if (Boolean.TRUE.equals(row.gone)) {
            return new ControlMessage.EligibilityGone(row.edgeId, row.revision);
        }
        if (row.enabled == null || row.changedAt == null) {
            return null;
        }
        return new ControlMessage.EligibilityChanged(new EdgeEligibility(
                row.edgeId,
                row.enabled,
                new Capacity(row.cpuCores, row.ramMib, row.diskMib, row.geo),
                row.revision,
                row.changedAt.toInstant()));
    }
}
