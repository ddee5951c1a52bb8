<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

/** Takes what the module saves, or refuses. */
final class ServiceProperties
{
    /** @var array<string, string> */
    public array $saved = [];
    public ?\Throwable $refuses = null;

    public function save(array $values): void
    {
        if ($this->refuses !== null) {
            throw $this->refuses;
        }
        $this->saved = $values + $this->saved;
    }
}
