import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;

/** One OpenSearch node with k-NN and neural-search on 127.0.0.1. Arguments: port, data folder. */
public final class Server extends Node {
  private static final List<String> PLUGINS =
      List.of(
          "org.opensearch.transport.Netty4Plugin",
          "org.opensearch.analysis.common.CommonAnalysisPlugin",
          "org.opensearch.index.reindex.ReindexPlugin",
          "org.opensearch.index.mapper.MapperExtrasPlugin",
          "org.opensearch.painless.PainlessPlugin",
          "org.opensearch.knn.plugin.KNNPlugin",
          "org.opensearch.neuralsearch.plugin.NeuralSearch");

  private Server(Settings settings, List<Class<? extends Plugin>> plugins) {
    super(
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "test"),
        plugins,
        true);
  }

  public static void main(String[] arguments) throws Exception {
    Settings settings =
        Settings.builder()
            .put("cluster.name", "test")
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.type", "netty4")
            .put("http.port", arguments[0])
            .put("transport.type", "netty4")
            .put("transport.port", "0")
            .put("path.home", Path.of(arguments[1]).toString())
            .put("cluster.routing.allocation.disk.threshold_enabled", "false")
            .build();
    List<Class<? extends Plugin>> plugins = new ArrayList<>();
    for (String name : PLUGINS) {
      plugins.add(Class.forName(name).asSubclass(Plugin.class));
    }
    new Server(settings, plugins).start();
    Thread.currentThread().join();
  }
}
