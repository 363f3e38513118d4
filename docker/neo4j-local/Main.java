// A Neo4j Community server on 127.0.0.1 for tests and trials: Bolt only, no HTTP, no reports to anybody.
// Arguments: data folder, Bolt port. NEO4J_LOCAL_PASSWORD, when set, becomes the password of user neo4j at the folder's first start with
// one; without it none is asked for. NEO4J_LOCAL_PAGES_MB is the size of its page cache.
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;
import org.neo4j.io.ByteUnit;

public class Main {
    public static void main(String[] arguments) throws InterruptedException, IOException {
        Path folder = Path.of(arguments[0]).toAbsolutePath();
        int port = Integer.parseInt(arguments[1]);
        String password = System.getenv("NEO4J_LOCAL_PASSWORD");
        String pages = System.getenv().getOrDefault("NEO4J_LOCAL_PAGES_MB", "256");
        boolean asks = password != null && !password.isEmpty();
        DatabaseManagementService server = new DatabaseManagementServiceBuilder(folder)
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, new SocketAddress("127.0.0.1", port))
            .setConfig(BoltConnector.advertised_address, new SocketAddress("127.0.0.1", port))
            .setConfig(GraphDatabaseSettings.auth_enabled, asks)
            .setConfig(GraphDatabaseSettings.pagecache_memory, ByteUnit.mebiBytes(Long.parseLong(pages)))
            .setConfig(GraphDatabaseSettings.transaction_timeout, Duration.ofMinutes(5))
            .build();
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown));
        Path done = folder.resolve("password-is-set");
        if (asks && Files.notExists(done)) {
            setPassword(server, password);
            Files.createFile(done);
        }
        System.out.println("ready bolt://127.0.0.1:" + port);
        System.out.flush();
        Thread.currentThread().join();
    }

    private static void setPassword(DatabaseManagementService server, String password) {
        var parameters = Map.<String, Object>of("password", password);
        server.database("system").executeTransactionally("ALTER USER neo4j SET PASSWORD $password CHANGE NOT REQUIRED", parameters);
    }
}
