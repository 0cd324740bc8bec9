package dev.perigee.home.query;

import dev.perigee.web.ProblemException;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import io.r2dbc.postgresql.message.backend.BackendMessage;
import io.r2dbc.postgresql.message.backend.CommandComplete;
import io.r2dbc.postgresql.message.backend.DataRow;
import io.r2dbc.postgresql.message.backend.RowDescription;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects the messages of one statement within limits. Not thread-safe. */
final class RowReader {

    private final ResultBudget budget;
    private final List<List<@Nullable String>> rows = new ArrayList<>();
    private @Nullable List<RowSet.Column> columns;
    private long count;

    RowReader(ResultBudget budget) {
        this.budget = budget;
    }

    /**
     * Takes a message, and releases it.
     *
     * @throws ProblemException if the result has become too large
     */
    void accept(BackendMessage message) {
        try {
            if (message instanceof RowDescription description) {
                columns = description.getFields().stream()
                        .map(field -> new RowSet.Column(field.getName(), field.getDataType()))
                        .toList();
            } else if (message instanceof DataRow row) {
                add(row.getColumns());
            } else if (message instanceof CommandComplete complete) {
                Long concerned = complete.getRows();
                count = concerned == null ? 0 : concerned;
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    RowSet result() {
        return new RowSet(columns, rows, count);
    }

    private void add(@Nullable ByteBuf[] values) {
        budget.takeRow();
        List<@Nullable String> row = new ArrayList<>(values.length);
        for (ByteBuf value : values) {
            budget.takeValue(value == null ? 0 : value.readableBytes());
            row.add(value == null ? null : value.toString(StandardCharsets.UTF_8));
        }
        rows.add(row);
    }
}
