<?php

declare(strict_types=1);

namespace WHMCS\UsageBilling\Metrics;

/** One reading. */
final class Usage
{
    public function __construct(public readonly int|float $value)
    {
    }
}
