<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/** What one request did that a tester wants to see. Parameters of module calls are never kept: they hold secrets. */
final class Captured
{
    /** @var array<string, list<array<string, mixed>>> */
    private array $kept = [
        'output' => [],
        'calls' => [],
        'activity' => [],
        'module_log' => [],
        'emails' => [],
        'notices' => [],
        'hooks' => [],
        'errors' => [],
        'template_warnings' => [],
    ];

    /** @param array<string, mixed> $entry */
    public function keep(string $what, array $entry): void
    {
        $this->kept[$what][] = $entry;
    }

    /** @return array<string, list<array<string, mixed>>> */
    public function all(): array
    {
        return $this->kept;
    }
}
