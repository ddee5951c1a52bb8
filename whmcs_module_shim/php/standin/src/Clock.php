<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use DateTimeImmutable;

/**
 * The shop's own time. A stored "now" moves invoices, suspensions and cron; the module under test
 * is never told, just as WHMCS would not tell it. Dates carry no zone (WHMCS developer docs, API reference).
 */
final class Clock
{
    public function __construct(private readonly Settings $settings)
    {
    }

    public function now(): DateTimeImmutable
    {
        $stored = $this->settings->own('now');
        return new DateTimeImmutable($stored === '' ? 'now' : $stored);
    }

    public function set(string $now): void
    {
        $this->settings->setOwn('now', $now === '' ? '' : (new DateTimeImmutable($now))->format('Y-m-d H:i:s'));
    }

    public function today(): string
    {
        return $this->now()->format('Y-m-d');
    }

    public function stamp(): string
    {
        return $this->now()->format('Y-m-d H:i:s');
    }

    public function daysFromToday(int $days): string
    {
        return $this->now()->modify(sprintf('%+d days', $days))->format('Y-m-d');
    }
}
