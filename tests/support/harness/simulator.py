"""A fleet of simulated engines, which knows exactly what each of them holds."""

import json

from .process import Process


class Simulator(Process):
    def __init__(self, *arguments):
        super().__init__("kvindex-simulator", *arguments)
        self.workers = json.loads(self.line())["workers"]

    def ask(self, command, *arguments):
        """Runs a command; lists are sent as JSON."""
        words = [json.dumps(word) if isinstance(word, list) else str(word) for word in arguments]
        self.process.stdin.write(" ".join([command, *words]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.line(seconds=60))
        assert "error" not in answer, (command, answer)
        return answer

    def play(self, requests=0):
        """Plays on and waits until everything is sent."""
        self.ask("go", requests)
        return self.ask("wait")

    def prompt(self, worker, tokens):
        return self.ask("prompt", worker, tokens)

    def expect(self, tokens):
        """worker -> leading blocks held."""
        return {int(worker): score for worker, score in self.ask("expect", tokens)["scores"].items()}

    def samples(self, n, max_tokens=0):
        return self.ask("sample", n, max_tokens)["prompts"]

    def state(self):
        """worker -> {engine hash: parent's engine hash or None}."""
        return {int(worker): dict(map(tuple, blocks)) for worker, blocks in self.ask("state", "*").items()}
