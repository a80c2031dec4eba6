# A thread for each client.
require "socket"

TCPServer.open("127.0.0.1", ARGV[0].to_i) do |listener|
  loop do
    Thread.new(listener.accept) do |client|
      while (line = client.gets)
        sleep(line.split[1].to_i / 1000.0) if line.start_with?("work ")
        client.puts File.readlink("/proc/thread-self").sub("/task/", " ")
      end
    rescue SystemCallError
      client.close
    end
  end
end
