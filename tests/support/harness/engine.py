"""An engine as the network sees it: a PUB socket with numbered batches, and a ROUTER that replays them."""

import struct
import threading
import time

import msgspec
import zmq


class Engine:
    """Batches are published at once; a subscriber that comes late gets them by replay."""

    def __init__(self):
        self.context = zmq.Context()
        self.publisher = self.context.socket(zmq.PUB)
        self.publisher.set(zmq.SNDHWM, 0)
        self.replayer = self.context.socket(zmq.ROUTER)
        self.replayer.set(zmq.SNDHWM, 0)
        self.endpoint = self._bind(self.publisher)
        self.replay_endpoint = self._bind(self.replayer)
        self.batches = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._replay, daemon=True)
        self.thread.start()

    @staticmethod
    def _bind(socket):
        return f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"

    def publish(self, *events, rank=None):
        payload = msgspec.msgpack.encode([time.time(), list(events), rank])
        number = len(self.batches)
        self.batches.append(payload)
        self.publisher.send_multipart([b"kv-events", struct.pack(">Q", number), payload])
        return number

    def _replay(self):
        while not self.stopped.is_set():
            if not self.replayer.poll(50):
                continue
            identity, empty, start = self.replayer.recv_multipart()
            for number in range(struct.unpack(">Q", start)[0], len(self.batches)):
                self.replayer.send_multipart([identity, empty, b"", struct.pack(">Q", number), self.batches[number]])
            self.replayer.send_multipart([identity, empty, b"", b"\xff" * 8, b""])

    def stop(self):
        self.stopped.set()
        self.thread.join()
        self.context.destroy(linger=0)
