import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** A thread for each client: Threads platform PORT, Threads virtual PORT; two threads for all: Threads pool PORT. */
class Threads {
    public static void main(String[] words) throws IOException {
        Executor threads = switch (words[0]) {
            case "pool" -> Executors.newFixedThreadPool(2);
            case "virtual" -> Executors.newVirtualThreadPerTaskExecutor();
            default -> task -> Thread.ofPlatform().start(task);
        };
        var listener = new ServerSocket(Integer.parseInt(words[1]), 128, InetAddress.getByName("127.0.0.1"));
        for (;;) {
            var client = listener.accept();
            threads.execute(() -> converse(client));
        }
    }

    static void converse(Socket client) {
        try (client; var lines = new BufferedReader(new InputStreamReader(client.getInputStream()))) {
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.startsWith("work ")) Thread.sleep(Long.parseLong(line.substring(5)));
                var ids = Files.readSymbolicLink(Path.of("/proc/thread-self")).toString();
                client.getOutputStream().write((ids.replace("/task/", " ") + "\n").getBytes());
            }
        } catch (IOException | InterruptedException end) {
            return;
        }
    }
}
