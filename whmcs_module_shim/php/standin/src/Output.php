<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/** Catches what foreign code prints: output breaks headers, AJAX and cron (WHMCS developer docs, style). */
final class Output
{
    public function __construct(private readonly Captured $captured)
    {
    }

    public function caught(string $by, callable $act): mixed
    {
        $level = ob_get_level();
        ob_start();
        try {
            return $act();
        } finally {
            $printed = '';
            while (ob_get_level() > $level) {
                $printed = (string) ob_get_clean() . $printed;
            }
            if ($printed !== '') {
                $this->captured->keep('output', ['by' => $by, 'text' => $printed]);
            }
        }
    }
}
