<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Wire;

/** One complete HTTP reply. */
final class Reply
{
    public function __construct(
        public readonly int $status,
        public readonly string $contentType,
        public readonly string $body
    ) {
    }
}
