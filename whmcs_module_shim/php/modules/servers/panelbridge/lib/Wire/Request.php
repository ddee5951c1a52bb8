<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Wire;

/** One POST. Times are seconds. */
final class Request
{
    /** @param array<string, string> $headers */
    public function __construct(
        public readonly string $url,
        public readonly array $headers,
        public readonly string $body,
        public readonly float $connectWithin,
        public readonly float $answerWithin
    ) {
    }
}
