<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Puts credentials the panel holds onto the WHMCS service. */
final class WriteBack
{
    /**
     * Through service properties: the core names `Username` and `Password` write the service's own columns, encrypted
     * where they must be.
     *
     * @throws CallError when WHMCS did not take them
     */
    public static function throughModel(ServiceCall $call, string $username, string $password): void
    {
        $both = ['Username' => $username, 'Password' => $password];
        $values = array_filter($both, static fn (string $value): bool => $value !== '');
        if ($values === []) {
            return;
        }
        $properties = $call->params->model->serviceProperties ?? null;
        if (!is_object($properties)) {
            self::throughApi($call->params->serviceId(), $username, $password);
            return;
        }
        try {
            $properties->save($values);
        } catch (\Throwable $refusal) {
            throw CallError::notStored(Language::text('why_not_stored', ['why' => Text::told($refusal->getMessage())]));
        }
    }

    /** @throws CallError when WHMCS did not take them */
    public static function throughApi(int $serviceId, string $username, string $password): void
    {
        $values = ['serviceusername' => $username, 'servicepassword' => $password];
        $given = array_filter($values, static fn (string $value): bool => $value !== '');
        if ($given !== []) {
            LocalCall::make('UpdateClientProduct', ['serviceid' => $serviceId] + $given);
        }
    }
}
