<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/** Handlers registered by add_hook. */
final class Hooks
{
    /** @var array<string, list<array{priority: int, handler: callable}>> */
    private array $handlers = [];

    public function __construct(private readonly Captured $captured, private readonly Output $output)
    {
    }

    public function add(string $name, int $priority, callable $handler): void
    {
        $this->handlers[$name][] = ['priority' => $priority, 'handler' => $handler];
        // Lower numbers run earlier (WHMCS developer docs, hooks); usort is stable, so ties keep their order.
        usort($this->handlers[$name], static fn (array $a, array $b): int => $a['priority'] <=> $b['priority']);
    }

    /**
     * Runs every handler and returns what each returned. An exception of a handler is not caught:
     * an uncaught error takes the page down (gogetssl/whmcs-addon#193).
     *
     * @return list<mixed>
     */
    public function run(string $name, mixed ...$arguments): array
    {
        $results = [];
        try {
            foreach ($this->handlers[$name] ?? [] as $entry) {
                $call = static fn (): mixed => $entry['handler'](...$arguments);
                $results[] = $this->output->caught("hook $name", $call);
            }
        } finally {
            if (isset($this->handlers[$name])) {
                $this->captured->keep('hooks', ['name' => $name, 'results' => Json::safe($results)]);
            }
        }
        return $results;
    }

    /**
     * The handlers' arrays merged, later handlers winning: overrides, abortcmd, abortsend, merge fields.
     *
     * @return array<string, mixed>
     */
    public function merged(string $name, mixed ...$arguments): array
    {
        $merged = [];
        foreach ($this->run($name, ...$arguments) as $result) {
            $merged = is_array($result) ? array_merge($merged, $result) : $merged;
        }
        return $merged;
    }

    /**
     * The error texts of a validation hook: a string or a list of strings refuses (WHMCS developer docs, hooks).
     *
     * @return list<string>
     */
    public function refusals(string $name, mixed ...$arguments): array
    {
        $texts = [];
        foreach ($this->run($name, ...$arguments) as $result) {
            foreach (is_array($result) ? $result : [$result] as $text) {
                if (is_string($text) && $text !== '') {
                    $texts[] = $text;
                }
            }
        }
        return $texts;
    }

    /** @return list<string> */
    public function names(): array
    {
        $names = array_keys($this->handlers);
        sort($names);
        return $names;
    }
}
